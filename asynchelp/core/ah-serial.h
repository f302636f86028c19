/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (AH_INSIDE_ASYNCHELP_H) && !defined (AH_COMPILATION)
#error "Only <asynchelp.h> can be included directly."
#endif

#include <asynchelp/core/ah-batch.h>

G_BEGIN_DECLS

#define AH_TYPE_SERIAL (ah_serial_get_type ())

AH_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (AhSerial, ah_serial, AH, SERIAL, AhBatch)

AH_AVAILABLE_IN_ALL
AhBatch *ah_serial_new (void) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS

/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "asynchelp/native/ah-native-info-private.h"

G_BEGIN_DECLS

const AhNativeModule *ah_native_module_get_locked (GError **error);

G_END_DECLS

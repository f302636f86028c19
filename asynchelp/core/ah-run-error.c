/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/core/ah-run-error.h"

/* It would take the name for a subtraction. */
/* clang-format off */
G_DEFINE_QUARK (ah-run-error-quark, ah_run_error)
/* clang-format on */

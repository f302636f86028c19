/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#define AH_INSIDE_ASYNCHELP_H

#include <asynchelp/core/ah-batch.h>
#include <asynchelp/core/ah-function.h>
#include <asynchelp/core/ah-future.h>
#include <asynchelp/core/ah-idle-event-loop.h>
#include <asynchelp/core/ah-invoke.h>
#include <asynchelp/core/ah-parallel.h>
#include <asynchelp/core/ah-results.h>
#include <asynchelp/core/ah-run.h>
#include <asynchelp/core/ah-run-error.h>
#include <asynchelp/core/ah-run-values.h>
#include <asynchelp/core/ah-serial.h>
#include <asynchelp/native/ah-byte-array.h>
#include <asynchelp/native/ah-native-flags.h>
#include <asynchelp/native/ah-native.h>
#include <asynchelp/native/ah-value-list.h>
#include <asynchelp/ah-enum-types.h>
#include <asynchelp/ah-version.h>
#include <asynchelp/pool/ah-blocking.h>
#include <asynchelp/pool/ah-strand.h>
#include <asynchelp/pool/ah-thread-pool.h>

#undef AH_INSIDE_ASYNCHELP_H

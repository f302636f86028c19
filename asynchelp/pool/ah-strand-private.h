/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "asynchelp/pool/ah-strand.h"
#include "asynchelp/pool/ah-turns-private.h"

G_BEGIN_DECLS

AhTurns *ah_strand_get_turns (AhStrand *self);

G_END_DECLS

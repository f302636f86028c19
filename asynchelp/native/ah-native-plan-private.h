/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <ffi.h>

#include "asynchelp/native/ah-native-memory-private.h"

G_BEGIN_DECLS

/* What stands in an argument of the C function. */
typedef enum
{
  AH_ROLE_IN,         /* a value that was bound */
  AH_ROLE_LENGTH,     /* of an array that was bound */
  AH_ROLE_NULL,       /* a callback that may be null, and what belongs to it */
  AH_ROLE_INOUT,
  AH_ROLE_OUT,
  AH_ROLE_STRUCTURE,  /* of the caller, for the function to fill in */
  AH_ROLE_BUFFER,     /* an array of the caller, for the function to fill in */
} AhNativeRole;

typedef struct
{
  const AhNativeArg *arg;
  AhNativeRole       role;
  gboolean           is_hidden; /* a caller neither gives nor gets it */
  int                length;    /* of an array: the slot with its length; else -1 */
} AhNativeSlot;

/* Where a result is: in a slot, or, as -1, returned. */
typedef int AhNativeResult;
#define AH_RESULT_RETURNED (-1)

/*
 * All that a call needs, found out once. Threads only read it, and never ask girepository.
 */
typedef struct
{
  const AhNativeInfo *info;
  GError             *refusal; /* why it cannot be called; then only what is above cif counts */
  AhNativeSlot       *slots;   /* one for each of the arguments */
  guint               n_slots;
  guint              *given;   /* the slots that a caller gives, in order */
  guint               n_given;
  AhNativeResult     *results; /* in the order in which languages have them */
  guint               n_results;
  int                 cancellable;    /* the slot of a GCancellable; else -1 */
  int                 returned_length; /* the slot with the length of what is returned; else -1 */

  ffi_cif             cif;
  ffi_type          **types;
} AhNativePlan;

AhNativePlan      *ah_native_plan_new        (const AhNativeInfo   *info);
const AhNativeArg *ah_native_plan_get_given  (const AhNativePlan   *self,
                                              guint                 index);
const AhNativeArg *ah_native_plan_get_result (const AhNativePlan   *self,
                                              guint                 index);

G_END_DECLS

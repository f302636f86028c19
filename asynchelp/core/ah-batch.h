/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (AH_INSIDE_ASYNCHELP_H) && !defined (AH_COMPILATION)
#error "Only <asynchelp.h> can be included directly."
#endif

#include <asynchelp/core/ah-function.h>
#include <asynchelp/pool/ah-strand.h>
#include <asynchelp/pool/ah-thread-pool.h>

G_BEGIN_DECLS

/**
 * AhErrorPolicy:
 * @AH_ERROR_POLICY_FAIL_FAST: the first error in time ends the run with that error: what has not
 *   started does not start, what is running sees its cancellable cancelled and is waited for
 * @AH_ERROR_POLICY_COLLECT: everything runs; a failure stands in the results, in its function's
 *   place, as a value of type `G_TYPE_ERROR`
 *
 * What the failure of one function means for the others of its batch.
 */
typedef enum
{
  AH_ERROR_POLICY_FAIL_FAST,
  AH_ERROR_POLICY_COLLECT,
} AhErrorPolicy;

/**
 * AhSharedFunc:
 * @cancellable: (nullable): is cancelled when the run wants the functions to stop early
 * @user_data: what was given beside the function
 * @error: return location for an error; setting it makes one of the functions a failed one
 *
 * A function that stands for many, which it keeps itself, and hands out among its own calls.
 *
 * Each call executes one or more of those that no other call of the same run has begun, and returns
 * soon: after a millisecond or so, if it can choose. It may be called in several threads at once.
 *
 * Returns: how many functions it executed, or 0 if none was left that nobody had begun; after that
 *   it is not called again in the same run
 */
typedef guint (*AhSharedFunc) (GCancellable *cancellable,
                               gpointer      user_data,
                               GError      **error);

#define AH_TYPE_BATCH (ah_batch_get_type ())

AH_AVAILABLE_IN_ALL
G_DECLARE_DERIVABLE_TYPE (AhBatch, ah_batch, AH, BATCH, AhFunction)

struct _AhBatchClass
{
  AhFunctionClass parent_class;

  /*< private >*/
  gpointer _reserved[8];
};

AH_AVAILABLE_IN_ALL
AhBatch       *ah_batch_schedule          (AhBatch             *self,
                                           AhFunction          *function);

AH_AVAILABLE_IN_ALL
AhBatch       *ah_batch_schedule_blocking (AhBatch             *self,
                                           AhBlockingFunc       func,
                                           gpointer             user_data,
                                           GDestroyNotify       destroy);

AH_AVAILABLE_IN_ALL
AhBatch       *ah_batch_schedule_async    (AhBatch             *self,
                                           AhAsyncFunc          func,
                                           gpointer             user_data,
                                           GDestroyNotify       destroy);

AH_AVAILABLE_IN_ALL
AhBatch       *ah_batch_schedule_shared   (AhBatch             *self,
                                           guint                n_functions,
                                           AhSharedFunc         func,
                                           gpointer             user_data,
                                           GDestroyNotify       destroy);

AH_AVAILABLE_IN_ALL
void           ah_batch_run_async         (AhBatch             *self,
                                           GCancellable        *cancellable,
                                           GAsyncReadyCallback  callback,
                                           gpointer             user_data);

AH_AVAILABLE_IN_ALL
GArray        *ah_batch_run_finish        (AhBatch             *self,
                                           GAsyncResult        *async_result,
                                           GError             **error) G_GNUC_WARN_UNUSED_RESULT;

AH_AVAILABLE_IN_ALL
GArray        *ah_batch_block             (AhBatch             *self,
                                           GCancellable        *cancellable,
                                           GError             **error) G_GNUC_WARN_UNUSED_RESULT;

AH_AVAILABLE_IN_ALL
guint          ah_batch_get_n_functions   (AhBatch             *self);

AH_AVAILABLE_IN_ALL
AhErrorPolicy  ah_batch_get_error_policy  (AhBatch             *self);

AH_AVAILABLE_IN_ALL
void           ah_batch_set_error_policy  (AhBatch             *self,
                                           AhErrorPolicy        error_policy);

AH_AVAILABLE_IN_ALL
guint          ah_batch_get_timeout       (AhBatch             *self);

AH_AVAILABLE_IN_ALL
void           ah_batch_set_timeout       (AhBatch             *self,
                                           guint                timeout);

AH_AVAILABLE_IN_ALL
int            ah_batch_get_priority      (AhBatch             *self);

AH_AVAILABLE_IN_ALL
void           ah_batch_set_priority      (AhBatch             *self,
                                           int                  priority);

AH_AVAILABLE_IN_ALL
AhThreadPool  *ah_batch_get_pool          (AhBatch             *self);

AH_AVAILABLE_IN_ALL
void           ah_batch_set_pool          (AhBatch             *self,
                                           AhThreadPool        *pool);

AH_AVAILABLE_IN_ALL
AhStrand      *ah_batch_get_strand        (AhBatch             *self);

AH_AVAILABLE_IN_ALL
void           ah_batch_set_strand        (AhBatch             *self,
                                           AhStrand            *strand);

AH_AVAILABLE_IN_ALL
gboolean       ah_batch_get_run_now       (AhBatch             *self);

AH_AVAILABLE_IN_ALL
void           ah_batch_set_run_now       (AhBatch             *self,
                                           gboolean             run_now);

G_END_DECLS

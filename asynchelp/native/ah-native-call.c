/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/native/ah-native-call-private.h"

#include "asynchelp/ah-i18n-private.h"
#include "asynchelp/core/ah-results-private.h"

/*
 * A function with its arguments. The thread that binds takes all references, so that a call takes
 * and drops none that a language could notice, and they are dropped again where they were taken.
 */
struct _AhNativeCall
{
  const AhNativePlan *plan;

  AhNativeFlags flags;

  /* Where the arguments were bound; NULL if they may be freed anywhere. */
  GThread *owner;
  GMainContext *context;

  gsize *lengths; /* behind the words */
  AhNativeWord words[];
};

/* --- Binding --- */

/* The mark that GJS leaves on each type that a program defines. */
static gboolean
is_written_in_js (GType type)
{
  static gsize mark;

  if (g_once_init_enter (&mark))
    g_once_init_leave (&mark, g_quark_from_static_string ("gjs::custom-type"));

  for (; type != 0 && type != G_TYPE_OBJECT; type = g_type_parent (type))
    {
      if (g_type_get_qdata (type, mark))
        return TRUE;
    }
  return FALSE;
}

static gboolean
check_object (gpointer object, AhNativeFlags flags, GError **error)
{
  if (is_written_in_js (G_OBJECT_TYPE (object)))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                   _ ("the type %s is written in JavaScript, which has one thread"),
                   G_OBJECT_TYPE_NAME (object));
      return FALSE;
    }

  if (flags & AH_NATIVE_FLAGS_NO_HANDLERS && !G_IS_CANCELLABLE (object)
      && g_signal_handler_find (object, G_SIGNAL_MATCH_UNBLOCKED, 0, 0, NULL, NULL, NULL))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                   _ ("the %s has signal handlers, which might be called in another thread; "
                      "disconnect or block them first"),
                   G_OBJECT_TYPE_NAME (object));
      return FALSE;
    }
  return TRUE;
}

/* Whether languages may have handed over what must not leave their thread; of a value that was
 * stored. */
static gboolean
check_stored (const AhNativeType *type,
              const AhNativeWord *word,
              gsize n,
              AhNativeFlags flags,
              GError **error)
{
  gboolean success = TRUE;

  if (type->tag == AH_TAG_OBJECT && word->pointer)
    return check_object (word->pointer, flags, error);

  if (type->tag == AH_TAG_VALUE && word->pointer)
    {
      const GValue *value = word->pointer;

      if (G_VALUE_HOLDS_OBJECT (value) && g_value_get_object (value))
        return check_object (g_value_get_object (value), flags, error);
      if (G_VALUE_HOLDS (value, G_TYPE_CLOSURE)
          || g_strcmp0 (G_VALUE_TYPE_NAME (value), "JSObject") == 0)
        {
          g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                       _ ("a value of type %s belongs to one thread"), G_VALUE_TYPE_NAME (value));
          return FALSE;
        }
    }

  if (type->tag == AH_TAG_HASH && type->value->tag == AH_TAG_OBJECT && word->pointer)
    {
      GHashTableIter iter;
      gpointer object;

      g_hash_table_iter_init (&iter, word->pointer);
      while (success && g_hash_table_iter_next (&iter, NULL, &object))
        success = check_object (object, flags, error);
    }

  if (ah_native_is_container (type) && type->element->tag == AH_TAG_OBJECT)
    {
      g_auto (AhNativeItems) items = { 0 };

      ah_native_items_init (&items, type, word->pointer, n);
      for (gsize i = 0; success && i < items.n; i++)
        {
          gpointer object = ((gpointer *) items.data)[i];

          success = object == NULL || check_object (object, flags, error);
        }
    }
  return success;
}

static void
prefix_with_argument (const AhNativePlan *plan, guint index, GError **error)
{
  g_prefix_error (error, _ ("%s, argument %u “%s”: "), plan->info->name, index,
                  plan->slots[plan->given[index]].arg->name);
}

/* Handlers may have been connected since, and the call might be the one that calls them. */
static gboolean
check_handlers_again (const AhNativeCall *self, GError **error)
{
  const AhNativePlan *plan = self->plan;

  if (!(self->flags & AH_NATIVE_FLAGS_NO_HANDLERS) || self->owner == NULL)
    return TRUE;

  for (guint i = 0; i < plan->n_given; i++)
    {
      guint slot = plan->given[i];

      if (!check_stored (&plan->slots[slot].arg->type, &self->words[slot], self->lengths[slot],
                         self->flags, error))
        {
          prefix_with_argument (plan, i, error);
          return FALSE;
        }
    }
  return TRUE;
}

/* Whether freeing it may have effects that a language notices. */
static gboolean
has_owner (const AhNativeType *type)
{
  switch (type->tag)
    {
    case AH_TAG_OBJECT:
    case AH_TAG_FUNDAMENTAL:
    case AH_TAG_VALUE:
      return TRUE;
    case AH_TAG_BOXED:
      return type->gtype != G_TYPE_BYTES && type->gtype != G_TYPE_STRV
             && type->gtype != G_TYPE_ERROR;
    default:
      return (ah_native_is_container (type) && has_owner (type->element))
             || (type->tag == AH_TAG_HASH && has_owner (type->value));
    }
}

/* The lengths of arrays that were bound. */
static gboolean
set_lengths (AhNativeCall *self, GError **error)
{
  const AhNativePlan *plan = self->plan;

  for (guint i = 0; i < plan->n_slots; i++)
    {
      const AhNativeSlot *slot = &plan->slots[i];
      const AhNativeSlot *counter;
      AhNativeWord *word;
      gint64 n = self->lengths[i];

      if (slot->length < 0 || slot->role > AH_ROLE_INOUT || self->words[i].pointer == NULL)
        continue;

      counter = &plan->slots[slot->length];
      word = &self->words[slot->length];
      /* Zero until an array was seen: two may share a length. */
      if (self->lengths[slot->length] && ah_native_read_integer (&counter->arg->type, word) != n)
        {
          g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                       _ ("%s: “%s” has to have as many items as the other array"),
                       plan->info->name, slot->arg->name);
          return FALSE;
        }
      self->lengths[slot->length] = TRUE;
      ah_native_write_integer (&counter->arg->type, word, n);
      if (ah_native_read_integer (&counter->arg->type, word) != n)
        {
          g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                       _ ("%s: “%s” has too many items"), plan->info->name, slot->arg->name);
          return FALSE;
        }
    }
  return TRUE;
}

static void
free_words (AhNativeCall *self)
{
  const AhNativePlan *plan = self->plan;

  for (guint i = 0; i < plan->n_given; i++)
    {
      guint slot = plan->given[i];

      ah_native_free (&plan->slots[slot].arg->type, AH_TRANSFER_FULL, &self->words[slot],
                      self->lengths[slot]);
    }
}

AhNativeCall *
ah_native_call_new (const AhNativePlan *plan,
                    const GValue *values,
                    guint n_values,
                    AhNativeFlags flags,
                    GError **error)
{
  AhNativeCall *self;
  gboolean is_owned = FALSE;

  if (plan->refusal)
    {
      g_propagate_error (error, g_error_copy (plan->refusal));
      return NULL;
    }
  if (n_values != plan->n_given)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                   g_dngettext (GETTEXT_PACKAGE, "%s takes %u argument, not %u",
                                "%s takes %u arguments, not %u", plan->n_given),
                   plan->info->name, plan->n_given, n_values);
      return NULL;
    }

  self = g_malloc0 (sizeof *self + plan->n_slots * (sizeof (AhNativeWord) + sizeof (gsize)));
  self->plan = plan;
  self->flags = flags;
  self->lengths = (gsize *) (gpointer) (self->words + plan->n_slots);

  for (guint i = 0; i < n_values; i++)
    {
      guint slot = plan->given[i];
      const AhNativeArg *arg = plan->slots[slot].arg;

      if (!ah_native_store (&arg->type, arg->nullable, &values[i], &self->words[slot],
                            &self->lengths[slot], error)
          || !check_stored (&arg->type, &self->words[slot], self->lengths[slot], flags, error))
        {
          prefix_with_argument (plan, i, error);
          free_words (self);
          g_free (self);
          return NULL;
        }
      is_owned |= has_owner (&arg->type);
    }
  if (!set_lengths (self, error))
    {
      free_words (self);
      g_free (self);
      return NULL;
    }

  if (is_owned)
    {
      self->owner = g_thread_ref (g_thread_self ());
      self->context = g_main_context_ref_thread_default ();
    }
  return self;
}

/* --- Freeing --- */

static void
free_here (gpointer data)
{
  AhNativeCall *self = data;

  free_words (self);
  g_clear_pointer (&self->owner, g_thread_unref);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_free (self);
}

/* Its destroy notify does it, which is called also where the context is gone before a dispatch. */
static gboolean
do_nothing (gpointer data)
{
  return G_SOURCE_REMOVE;
}

/*
 * A library user may have dropped the last reference in any thread, and a worker does where nobody
 * keeps the future of a background run.
 */
void
ah_native_call_free (gpointer data)
{
  AhNativeCall *self = data;
  g_autoptr (GMainContext) context = NULL;
  GSource *source;

  if (self->owner == NULL || self->owner == g_thread_self ())
    {
      free_here (self);
      return;
    }

  /* Not kept by the source, or neither would ever go. */
  context = g_steal_pointer (&self->context);
  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_static_name (source, "asynchelp: free the arguments of a function");
  g_source_set_callback (source, do_nothing, self, free_here);
  g_source_attach (source, context);
  g_source_unref (source);
}

/* --- Calling --- */

/* Two cancellables as one: the run's, and the one that was bound. */
typedef struct
{
  GCancellable *both;
  GCancellable *parents[2];
  gulong handlers[2];
} Joined;

static void
on_parent_cancelled (GCancellable *parent, GCancellable *both)
{
  g_cancellable_cancel (both);
}

static void
drop_both (gpointer both, GClosure *closure)
{
  g_object_unref (both);
}

static void
joined_init (Joined *self, GCancellable *run, GCancellable *bound)
{
  *self = (Joined){ g_cancellable_new (), { run, bound } };

  for (int i = 0; i < 2; i++)
    {
      /* Not g_cancellable_connect (): its counterpart waits for handlers, and so for itself. */
      self->handlers[i]
          = g_signal_connect_data (self->parents[i], "cancelled", G_CALLBACK (on_parent_cancelled),
                                   g_object_ref (self->both), drop_both, 0);
      if (g_cancellable_is_cancelled (self->parents[i]))
        g_cancellable_cancel (self->both);
    }
}

static void
joined_clear (Joined *self)
{
  for (int i = 0; i < 2 && self->both; i++)
    g_signal_handler_disconnect (self->parents[i], self->handlers[i]);
  g_clear_object (&self->both);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Joined, joined_clear)

static gpointer
choose_cancellable (GCancellable *run, GCancellable *bound, Joined *joined)
{
  if (bound == NULL || run == bound)
    return run;
  if (run == NULL)
    return bound;

  joined_init (joined, run, bound);
  return joined->both;
}

/* What stands in the C function's arguments, and where. */
typedef struct
{
  AhNativeWord *words;
  gpointer *places;    /* of what the function writes to */
  gpointer *originals; /* of inout arguments that remain the library's */
} Frame;

static gsize
get_buffer_size (const AhNativeCall *self, const AhNativeSlot *slot)
{
  const AhNativeType *type = &slot->arg->type;
  gint64 n = type->fixed_size;

  if (slot->length >= 0)
    n = ah_native_read_integer (&self->plan->slots[slot->length].arg->type,
                                &self->words[slot->length]);
  /* At least one byte: no room at all means that there was no memory. */
  return n > 0 ? n * ah_native_size_of (type->element) : 1;
}

static gboolean
fill_slot (const AhNativeCall *self, guint i, Frame *frame)
{
  const AhNativeSlot *slot = &self->plan->slots[i];
  const AhNativeType *type = &slot->arg->type;
  AhNativeTransfer transfer = slot->arg->transfer;
  AhNativeWord *word = &frame->words[i];

  *word = self->words[i];
  switch (slot->role)
    {
    case AH_ROLE_IN:
      if (transfer != AH_TRANSFER_NONE)
        ah_native_copy (type, transfer, &self->words[i], self->lengths[i], word);
      break;
    case AH_ROLE_INOUT:
      /* The function may write into it even where it takes nothing over. */
      ah_native_copy (type, AH_TRANSFER_FULL, &self->words[i], self->lengths[i], word);
      frame->originals[i] = transfer == AH_TRANSFER_NONE ? word->pointer : NULL;
      frame->places[i] = word;
      break;
    case AH_ROLE_OUT:
      frame->places[i] = word;
      break;
    case AH_ROLE_STRUCTURE:
      frame->places[i] = word->pointer = g_malloc0 (type->size);
      break;
    case AH_ROLE_BUFFER:
      frame->places[i] = word->pointer = g_try_malloc0 (get_buffer_size (self, slot));
      return word->pointer != NULL;
    case AH_ROLE_LENGTH:
    case AH_ROLE_NULL:
      break;
    }
  return TRUE;
}

/* What was made for the call alone. */
static void
clear_slot (const AhNativeCall *self, guint i, Frame *frame)
{
  const AhNativeSlot *slot = &self->plan->slots[i];
  AhNativeWord *word = &frame->words[i];

  if (slot->role == AH_ROLE_INOUT && slot->arg->transfer == AH_TRANSFER_NONE)
    {
      ah_native_free (&slot->arg->type, AH_TRANSFER_FULL, &frame->originals[i], self->lengths[i]);
    }
  else if (slot->role == AH_ROLE_STRUCTURE || slot->role == AH_ROLE_BUFFER)
    {
      if (slot->arg->type.tag == AH_TAG_VALUE && G_IS_VALUE (word->pointer))
        g_value_unset (word->pointer);
      g_free (word->pointer);
    }
}

static gsize
get_length (const AhNativePlan *plan, const Frame *frame, int slot)
{
  gint64 length;

  if (slot < 0)
    return 0;
  length = ah_native_read_integer (&plan->slots[slot].arg->type, &frame->words[slot]);
  return MAX (length, 0);
}

/* libffi widens small integers to a word of its own. Where the highest byte comes first, they stand
 * at its end. */
static void
narrow (const AhNativeType *type, AhNativeWord *word)
{
  if (type->tag <= AH_TAG_LAST_SCALAR && type->tag != AH_TAG_FLOAT && type->tag != AH_TAG_DOUBLE)
    {
      ffi_arg widened;

      memcpy (&widened, word, sizeof widened);
      ah_native_write_integer (type, word, widened);
    }
}

static gboolean
load_result (const AhNativeCall *self,
             AhNativeResult which,
             AhNativeWord *returned,
             const Frame *frame,
             GValue *value,
             GError **error)
{
  const AhNativePlan *plan = self->plan;
  const AhNativeSlot *slot;
  const AhNativeArg *arg;

  if (which == AH_RESULT_RETURNED)
    return ah_native_load (&plan->info->result.type, plan->info->result.transfer, returned,
                           get_length (plan, frame, plan->returned_length), value, error);

  slot = &plan->slots[which];
  arg = slot->arg;
  /* What the caller has given is the caller's to free. */
  return ah_native_load (&arg->type,
                         slot->role >= AH_ROLE_STRUCTURE ? AH_TRANSFER_NONE : arg->transfer,
                         &frame->words[which], get_length (plan, frame, slot->length), value,
                         error);
}

static gboolean
load_results (const AhNativeCall *self,
              AhNativeWord *returned,
              const Frame *frame,
              GValue *result,
              GError **error)
{
  const AhNativePlan *plan = self->plan;
  GValue *values;
  gboolean success = TRUE;

  if (plan->n_results == 0)
    return TRUE;
  if (plan->n_results == 1)
    return load_result (self, plan->results[0], returned, frame, result, error);

  values = g_new0 (GValue, plan->n_results);
  for (guint i = 0; i < plan->n_results; i++)
    {
      /* All of them, since each takes over what it loads. */
      if (!load_result (self, plan->results[i], returned, frame, &values[i],
                        success ? error : NULL))
        {
          success = FALSE;
          g_value_init (&values[i], G_TYPE_POINTER);
        }
    }

  if (success)
    g_value_take_object (g_value_init (result, AH_TYPE_RESULTS),
                         ah_results_new_take (ah_results_array_take (values, plan->n_results)));
  else
    ah_results_free_values (values, plan->n_results);
  return success;
}

/* In any thread, and in several at once. */
void
ah_native_call_run (GCancellable *cancellable, GValue *result, gpointer data, GError **error)
{
  const AhNativeCall *self = data;
  const AhNativePlan *plan = self->plan;
  g_auto (Joined) joined = { 0 };
  g_autoptr (GError) call_error = NULL;
  GError **error_place = &call_error;
  AhNativeWord returned = { 0 };
  Frame frame = {
    .words = g_newa (AhNativeWord, plan->n_slots + 1),
    .places = g_newa (gpointer, plan->n_slots + 1),
    .originals = g_newa (gpointer, plan->n_slots + 1),
  };
  gpointer *arguments = g_newa (gpointer, plan->n_slots + 1);
  guint n_filled = 0;

  if (!check_handlers_again (self, error))
    return;

  for (guint i = 0; i < plan->n_slots; i++)
    arguments[i]
        = plan->slots[i].role >= AH_ROLE_INOUT ? (gpointer) &frame.places[i] : &frame.words[i];
  arguments[plan->n_slots] = &error_place;

  while (n_filled < plan->n_slots && fill_slot (self, n_filled, &frame))
    n_filled++;

  if (n_filled < plan->n_slots)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                   _ ("There is no memory for “%s” of the size that was asked for"),
                   plan->slots[n_filled].arg->name);
    }
  else
    {
      if (plan->cancellable >= 0)
        {
          AhNativeWord *word = &frame.words[plan->cancellable];

          word->pointer = choose_cancellable (cancellable, word->pointer, &joined);
        }

      ffi_call ((ffi_cif *) &plan->cif, FFI_FN (plan->info->address), &returned, arguments);

      if (call_error)
        {
          g_propagate_error (error, g_steal_pointer (&call_error));
        }
      else
        {
          narrow (&plan->info->result.type, &returned);
          load_results (self, &returned, &frame, result, error);
        }
    }

  for (guint i = 0; i < n_filled; i++)
    clear_slot (self, i, &frame);
}

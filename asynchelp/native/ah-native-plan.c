/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/native/ah-native-plan-private.h"

#include "asynchelp/ah-i18n-private.h"

/* From the description of a function to what it takes to call it, or to why it cannot be called. */

static gboolean
refuse (AhNativePlan *self, const AhNativeArg *arg, const char *reason)
{
  g_autofree char *type = ah_native_type_to_string (&arg->type);

  self->refusal = g_error_new (G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                               _ ("%s cannot be called: “%s” of type %s: %s"), self->info->name,
                               arg->name, type, reason);
  return FALSE;
}

/* --- Which types --- */

static gboolean
is_list (const AhNativeType *type)
{
  return type->tag == AH_TAG_PTR_ARRAY || type->tag == AH_TAG_LIST || type->tag == AH_TAG_SLIST;
}

static const char *
find_fault_of_element (const AhNativeType *type)
{
  const AhNativeType *element = type->element;

  if (element->tag == AH_TAG_UNSUPPORTED)
    return _ (element->refusal);
  if (element->tag == AH_TAG_VOID || element->tag > AH_TAG_SLIST)
    return _ ("a container of bare pointers");
  if (element->tag == AH_TAG_VALUE || element->tag == AH_TAG_UNICHAR)
    return _ ("a container of such items");
  /* Lists hold pointers, whatever the description says. */
  if (is_list (type) && element->tag <= AH_TAG_LAST_SCALAR)
    return _ ("numbers in place of pointers");
  if (!is_list (type) && (element->tag == AH_TAG_BOXED || element->tag == AH_TAG_VARIANT)
      && !element->is_pointer)
    return _ ("an array of structures without pointers");
  if (ah_native_is_container (element))
    {
      if (element->tag == AH_TAG_C_ARRAY && !element->zero_terminated && element->fixed_size < 0)
        return _ ("nothing tells how long the arrays inside are");
      return element->tag == AH_TAG_BYTE_ARRAY ? NULL : find_fault_of_element (element);
    }
  return NULL;
}

/* A table is freed by those who hold it, and so has to know how to free what it holds. */
static const char *
find_fault_of_table (const AhNativeType *type, AhNativeDirection direction)
{
  AhNativeTag tag = type->value->tag;

  if (type->element->tag != AH_TAG_UTF8 && type->element->tag != AH_TAG_FILENAME)
    return _ ("a table whose keys are no strings");
  if (tag <= AH_TAG_LAST_SCALAR || tag > AH_TAG_SLIST)
    return _ ("a table of bare pointers");
  if (direction != AH_DIRECTION_OUT && tag != AH_TAG_UTF8 && tag != AH_TAG_FILENAME
      && tag != AH_TAG_OBJECT && tag != AH_TAG_VARIANT)
    return _ ("a table of such values");
  return ah_native_is_container (type->value) && tag != AH_TAG_BYTE_ARRAY
             ? find_fault_of_element (type->value)
             : NULL;
}

/* What is wrong with a type that an argument or a result has; NULL: nothing. */
static const char *
find_fault (const AhNativeArg *arg)
{
  const AhNativeType *type = &arg->type;

  switch (type->tag)
    {
    case AH_TAG_UNSUPPORTED:
      return _ (type->refusal);
    case AH_TAG_VOID:
      return _ ("the type is not known");
    case AH_TAG_CALLBACK:
      return arg->is_async_callback ? _ ("an asynchronous function: call it on a main context")
             : arg->nullable && arg->direction == AH_DIRECTION_IN
                 ? NULL
                 : _ ("a callback would be called in another thread");
    case AH_TAG_POINTER:
      return arg->nullable && arg->direction == AH_DIRECTION_IN ? NULL : _ ("a bare pointer");
    case AH_TAG_BOXED:
      if (type->gtype == G_TYPE_MATCH_INFO && arg->direction != AH_DIRECTION_IN)
        return _ ("it would go on using arguments that are freed");
      break;
    case AH_TAG_C_ARRAY:
      if (type->length < 0 && type->fixed_size < 0 && !type->zero_terminated)
        return _ ("nothing tells how long the array is");
      return find_fault_of_element (type);
    case AH_TAG_ARRAY:
    case AH_TAG_PTR_ARRAY:
    case AH_TAG_LIST:
    case AH_TAG_SLIST:
      return find_fault_of_element (type);
    case AH_TAG_HASH:
      return find_fault_of_table (type, arg->direction);
    default:
      break;
    }

  if (type->tag > AH_TAG_LAST_SCALAR && !type->is_pointer && !arg->is_caller_allocated)
    return _ ("a structure without a pointer");
  return NULL;
}

/* --- Which role --- */

static gboolean
set_role (AhNativePlan *self, AhNativeSlot *slot)
{
  const AhNativeArg *arg = slot->arg;
  const AhNativeType *type = &arg->type;
  const char *fault = find_fault (arg);

  if (slot->role == AH_ROLE_NULL)
    return TRUE;
  if (fault)
    return refuse (self, arg, fault);

  slot->role = type->tag == AH_TAG_CALLBACK || type->tag == AH_TAG_POINTER ? AH_ROLE_NULL
               : arg->direction == AH_DIRECTION_IN                         ? AH_ROLE_IN
               : arg->direction == AH_DIRECTION_OUT                        ? AH_ROLE_OUT
                                                                           : AH_ROLE_INOUT;
  if (!arg->is_caller_allocated || slot->role == AH_ROLE_IN || type->tag <= AH_TAG_LAST_SCALAR)
    return TRUE;

  if (slot->role == AH_ROLE_INOUT)
    return refuse (self, arg, _ ("of the caller, and given as well"));
  if (type->tag == AH_TAG_C_ARRAY && type->element->tag <= AH_TAG_LAST_SCALAR
      && (type->length >= 0 || type->fixed_size >= 0))
    slot->role = AH_ROLE_BUFFER;
  else if ((type->tag == AH_TAG_BOXED || type->tag == AH_TAG_VALUE) && type->size > 0)
    slot->role = AH_ROLE_STRUCTURE;
  else
    return refuse (self, arg, _ ("the caller cannot know how much room it takes"));
  return TRUE;
}

/* The data of a callback and what frees it. */
static void
hide_companion (AhNativePlan *self, int index)
{
  guint slot = index + self->info->is_method;

  if (index < 0 || slot >= self->n_slots || self->slots[slot].arg->type.tag == AH_TAG_UNSUPPORTED)
    return;
  /* Some name themselves. */
  if (self->slots[slot].arg->type.tag == AH_TAG_CALLBACK
      && g_strcmp0 (self->slots[slot].arg->type.name, "GLib.DestroyNotify") != 0)
    return;

  self->slots[slot].role = AH_ROLE_NULL;
  self->slots[slot].is_hidden = TRUE;
}

static gboolean
is_integer (const AhNativeType *type)
{
  return type->tag >= AH_TAG_INT8 && type->tag <= AH_TAG_UINT64;
}

/* Finds the length of the array @arg, which is in @slot, or returned where that is NULL. */
static gboolean
link_length (AhNativePlan *self, const AhNativeArg *arg, AhNativeSlot *slot, int *length)
{
  AhNativeSlot *counter;

  *length = -1;
  if (arg->type.tag != AH_TAG_C_ARRAY || arg->type.length < 0)
    return TRUE;

  *length = arg->type.length + self->info->is_method;
  counter = (guint) *length < self->n_slots ? &self->slots[*length] : NULL;
  if (counter == NULL || !is_integer (&counter->arg->type))
    return refuse (self, arg, _ ("what should be its length is no number"));

  switch (slot ? slot->role : AH_ROLE_OUT)
    {
    case AH_ROLE_IN:
      if (counter->role != AH_ROLE_IN && counter->role != AH_ROLE_LENGTH)
        return refuse (self, arg, _ ("its length goes another way than the array"));
      counter->role = AH_ROLE_LENGTH;
      counter->is_hidden = TRUE;
      break;
    case AH_ROLE_INOUT:
      if (counter->role != AH_ROLE_INOUT)
        return refuse (self, arg, _ ("its length goes another way than the array"));
      counter->is_hidden = TRUE;
      break;
    case AH_ROLE_OUT:
      /* A length that the caller has to say remains an argument like others. */
      if (counter->role == AH_ROLE_OUT)
        counter->is_hidden = TRUE;
      else if (counter->role != AH_ROLE_IN)
        return refuse (self, arg, _ ("its length goes another way than the array"));
      break;
    default:
      if (counter->role != AH_ROLE_IN)
        return refuse (self, arg, _ ("its length goes another way than the array"));
    }
  return TRUE;
}

static gboolean
set_roles (AhNativePlan *self)
{
  const AhNativeInfo *info = self->info;

  for (guint i = 0; i < info->n_args; i++)
    {
      if (info->args[i].type.tag != AH_TAG_CALLBACK)
        continue;
      hide_companion (self, info->args[i].closure);
      hide_companion (self, info->args[i].destroy);
    }
  for (guint i = 0; i < info->n_args; i++)
    {
      if (!set_role (self, &self->slots[i]))
        return FALSE;
    }
  for (guint i = 0; i < info->n_args; i++)
    {
      AhNativeSlot *slot = &self->slots[i];

      if (!link_length (self, slot->arg, slot, &slot->length))
        return FALSE;
    }

  if (info->result.type.tag != AH_TAG_VOID)
    {
      const char *fault = find_fault (&info->result);

      if (fault)
        return refuse (self, &info->result, fault);
    }
  return link_length (self, &info->result, NULL, &self->returned_length);
}

/* --- What a caller sees --- */

static gboolean
is_cancellable (const AhNativeSlot *slot)
{
  return slot->role == AH_ROLE_IN && slot->arg->type.tag == AH_TAG_OBJECT
         && slot->arg->type.gtype == G_TYPE_CANCELLABLE && slot->arg->nullable;
}

static void
list_given_and_results (AhNativePlan *self)
{
  self->given = g_new (guint, self->n_slots);
  self->results = g_new (AhNativeResult, self->n_slots + 1);

  if (self->info->result.type.tag != AH_TAG_VOID)
    self->results[self->n_results++] = AH_RESULT_RETURNED;

  for (guint i = 0; i < self->n_slots; i++)
    {
      const AhNativeSlot *slot = &self->slots[i];

      if (slot->is_hidden)
        continue;
      if (slot->role <= AH_ROLE_INOUT)
        self->given[self->n_given++] = i;
      if (slot->role >= AH_ROLE_INOUT)
        self->results[self->n_results++] = i;
      if (is_cancellable (slot))
        self->cancellable = i;
    }
}

/* The instance of a method is one too, though cancelling it is what g_cancellable_cancel () does.
 */
static void
forget_cancellable_instance (AhNativePlan *self)
{
  if (self->cancellable == 0 && self->info->is_method)
    self->cancellable = -1;
}

/*
 * Whether calling it as described would leave a reference too many or too few. Languages manage all
 * of them themselves, and so does a call.
 */
static gboolean
manages_memory (const AhNativeInfo *info)
{
  static const char *const takers[] = { "ref", "ref_sink", "take_ref", NULL };
  static const char *const droppers[] = { "unref", "free", "force_floating", NULL };
  const char *name = strrchr (info->name, '.') + 1;

  if (!info->is_method)
    return FALSE;
  return (g_strv_contains (takers, name) && info->result.transfer != AH_TRANSFER_FULL)
         || (g_strv_contains (droppers, name) && info->args[0].transfer != AH_TRANSFER_FULL);
}

/* --- What libffi sees --- */

static ffi_type *
get_ffi_type (const AhNativeType *type)
{
  switch (type->tag == AH_TAG_ENUM || type->tag == AH_TAG_FLAGS ? type->storage : type->tag)
    {
    case AH_TAG_VOID:
      return &ffi_type_void;
    case AH_TAG_INT8:
      return &ffi_type_sint8;
    case AH_TAG_UINT8:
      return &ffi_type_uint8;
    case AH_TAG_INT16:
      return &ffi_type_sint16;
    case AH_TAG_UINT16:
      return &ffi_type_uint16;
    case AH_TAG_BOOLEAN:
    case AH_TAG_INT32:
      return &ffi_type_sint32;
    case AH_TAG_UINT32:
    case AH_TAG_UNICHAR:
      return &ffi_type_uint32;
    case AH_TAG_INT64:
      return &ffi_type_sint64;
    case AH_TAG_UINT64:
      return &ffi_type_uint64;
    case AH_TAG_FLOAT:
      return &ffi_type_float;
    case AH_TAG_DOUBLE:
      return &ffi_type_double;
    case AH_TAG_GTYPE:
      return sizeof (GType) == 8 ? &ffi_type_uint64 : &ffi_type_uint32;
    default:
      return &ffi_type_pointer;
    }
}

static gboolean
prepare_cif (AhNativePlan *self)
{
  guint n = self->n_slots + self->info->can_throw;

  self->types = g_new (ffi_type *, n + 1);
  for (guint i = 0; i < self->n_slots; i++)
    {
      const AhNativeSlot *slot = &self->slots[i];

      self->types[i]
          = slot->role < AH_ROLE_INOUT ? get_ffi_type (&slot->arg->type) : &ffi_type_pointer;
    }
  if (self->info->can_throw)
    self->types[n - 1] = &ffi_type_pointer;

  if (ffi_prep_cif (&self->cif, FFI_DEFAULT_ABI, n, get_ffi_type (&self->info->result.type),
                    self->types)
      == FFI_OK)
    return TRUE;
  return refuse (self, &self->info->result, _ ("libffi has no way to call it"));
}

/* Kept for good, as @info. */
AhNativePlan *
ah_native_plan_new (const AhNativeInfo *info)
{
  AhNativePlan *self = g_new0 (AhNativePlan, 1);

  self->info = info;
  self->cancellable = -1;
  self->returned_length = -1;
  self->n_slots = info->n_args;
  self->slots = g_new0 (AhNativeSlot, self->n_slots);
  for (guint i = 0; i < self->n_slots; i++)
    {
      self->slots[i].arg = &info->args[i];
      self->slots[i].length = -1;
    }

  if (manages_memory (info))
    {
      self->refusal
          = g_error_new (G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                         _ ("%s cannot be called: references are the library's own matter"),
                         info->name);
      return self;
    }
  if (!set_roles (self))
    return self;

  list_given_and_results (self);
  forget_cancellable_instance (self);
  prepare_cif (self);
  return self;
}

const AhNativeArg *
ah_native_plan_get_given (const AhNativePlan *self, guint index)
{
  return self->slots[self->given[index]].arg;
}

const AhNativeArg *
ah_native_plan_get_result (const AhNativePlan *self, guint index)
{
  return self->results[index] == AH_RESULT_RETURNED ? &self->info->result
                                                    : self->slots[self->results[index]].arg;
}

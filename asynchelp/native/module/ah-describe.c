/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/native/module/ah-repository-private.h"

#include "asynchelp/ah-i18n-private.h"

/*
 * Writes down what girepository knows about a function, so that nobody has to ask it again. Nothing
 * is judged here, except for types that the description has no words for.
 */

static AhNativeType *describe_element (GITypeInfo *type, AhGiIndex n);

static void
refuse (AhNativeType *self, const char *reason)
{
  self->tag = AH_TAG_UNSUPPORTED;
  self->refusal = reason;
}

static AhNativeTag
tag_of_basic (GITypeTag tag)
{
  switch (tag)
    {
    case GI_TYPE_TAG_BOOLEAN:
      return AH_TAG_BOOLEAN;
    case GI_TYPE_TAG_INT8:
      return AH_TAG_INT8;
    case GI_TYPE_TAG_UINT8:
      return AH_TAG_UINT8;
    case GI_TYPE_TAG_INT16:
      return AH_TAG_INT16;
    case GI_TYPE_TAG_UINT16:
      return AH_TAG_UINT16;
    case GI_TYPE_TAG_INT32:
      return AH_TAG_INT32;
    case GI_TYPE_TAG_UINT32:
      return AH_TAG_UINT32;
    case GI_TYPE_TAG_INT64:
      return AH_TAG_INT64;
    case GI_TYPE_TAG_UINT64:
      return AH_TAG_UINT64;
    case GI_TYPE_TAG_FLOAT:
      return AH_TAG_FLOAT;
    case GI_TYPE_TAG_DOUBLE:
      return AH_TAG_DOUBLE;
    case GI_TYPE_TAG_UNICHAR:
      return AH_TAG_UNICHAR;
    case GI_TYPE_TAG_GTYPE:
      return AH_TAG_GTYPE;
    case GI_TYPE_TAG_UTF8:
      return AH_TAG_UTF8;
    case GI_TYPE_TAG_FILENAME:
      return AH_TAG_FILENAME;
    default:
      return AH_TAG_UNSUPPORTED;
    }
}

static char *
full_name (GIBaseInfo *info)
{
  return g_strdup_printf ("%s.%s", GI (base_info_get_namespace) (info),
                          GI (base_info_get_name) (info));
}

/* Of a structure or a union. */
static void
describe_record (AhNativeType *self, GIBaseInfo *info)
{
  GType fundamental = G_TYPE_FUNDAMENTAL (self->gtype);

  self->size = GI_IS_STRUCT_INFO (info) ? GI (struct_info_get_size) ((GIStructInfo *) info)
                                        : GI (union_info_get_size) ((GIUnionInfo *) info);

  if (self->gtype == G_TYPE_VALUE)
    self->tag = AH_TAG_VALUE;
  else if (fundamental == G_TYPE_VARIANT)
    self->tag = AH_TAG_VARIANT;
  else if (self->gtype == G_TYPE_CLOSURE)
    refuse (self, N_ ("a closure is a callback"));
  else if (GI_IS_STRUCT_INFO (info) && GI (struct_info_is_foreign) ((GIStructInfo *) info))
    refuse (self, N_ ("only its own bindings understand the type"));
  else if (fundamental == G_TYPE_BOXED)
    self->tag = AH_TAG_BOXED;
  else
    refuse (self, N_ ("a structure without a boxed type cannot be copied"));
}

static void
describe_object (AhNativeType *self, GIBaseInfo *info)
{
  GIObjectInfo *object = (GIObjectInfo *) info;

  if (GI_IS_INTERFACE_INFO (info) || g_type_is_a (self->gtype, G_TYPE_OBJECT))
    {
      self->tag = AH_TAG_OBJECT;
      return;
    }

  self->tag = AH_TAG_FUNDAMENTAL;
  self->ref = GI (object_info_get_ref_function_pointer) (object);
  self->unref = GI (object_info_get_unref_function_pointer) (object);
  self->get_value = GI (object_info_get_get_value_function_pointer) (object);
  self->set_value = GI (object_info_get_set_value_function_pointer) (object);
  if (!self->ref || !self->unref || !self->get_value || !self->set_value)
    refuse (self, N_ ("the type does not say how it is referenced"));
}

static void
describe_interface (AhNativeType *self, GITypeInfo *type)
{
  g_autoptr (AhGiInfo) info = GI (type_info_get_interface) (type);

  self->name = full_name (info);
  if (GI_IS_REGISTERED_TYPE_INFO (info))
    self->gtype = GI (registered_type_info_get_g_type) ((GIRegisteredTypeInfo *) info);

  if (ah_gi_is_callback (info))
    {
      self->tag = AH_TAG_CALLBACK;
    }
  else if (GI_IS_ENUM_INFO (info) || ah_gi_is_flags (info))
    {
      self->tag = ah_gi_is_flags (info) ? AH_TAG_FLAGS : AH_TAG_ENUM;
      self->storage = tag_of_basic (GI (enum_info_get_storage_type) ((GIEnumInfo *) info));
      if (!G_TYPE_IS_ENUM (self->gtype) && !G_TYPE_IS_FLAGS (self->gtype))
        self->gtype = G_TYPE_NONE;
    }
  else if (GI_IS_STRUCT_INFO (info) || GI_IS_UNION_INFO (info))
    {
      describe_record (self, info);
    }
  else if (GI_IS_OBJECT_INFO (info) || GI_IS_INTERFACE_INFO (info))
    {
      describe_object (self, info);
    }
  else
    {
      refuse (self, N_ ("the type cannot be found"));
    }
}

static void
describe_array (AhNativeType *self, GITypeInfo *type)
{
  switch (GI (type_info_get_array_type) (type))
    {
    case GI_ARRAY_TYPE_C:
      self->tag = AH_TAG_C_ARRAY;
      break;
    case GI_ARRAY_TYPE_ARRAY:
      self->tag = AH_TAG_ARRAY;
      break;
    case GI_ARRAY_TYPE_PTR_ARRAY:
      self->tag = AH_TAG_PTR_ARRAY;
      break;
    case GI_ARRAY_TYPE_BYTE_ARRAY:
      self->tag = AH_TAG_BYTE_ARRAY;
      break;
    }

  self->element = describe_element (type, 0);
  self->length = ah_gi_type_get_length (type);
  self->fixed_size = ah_gi_type_get_fixed_size (type);
  self->zero_terminated = GI (type_info_is_zero_terminated) (type);
}

static void
describe_type (AhNativeType *self, GITypeInfo *type)
{
  GITypeTag tag = GI (type_info_get_tag) (type);

  *self = (AhNativeType){ .gtype = G_TYPE_NONE, .length = -1, .fixed_size = -1 };
  self->is_pointer = GI (type_info_is_pointer) (type);

  switch (tag)
    {
    case GI_TYPE_TAG_VOID:
      self->tag = self->is_pointer ? AH_TAG_POINTER : AH_TAG_VOID;
      break;
    case GI_TYPE_TAG_INTERFACE:
      describe_interface (self, type);
      break;
    case GI_TYPE_TAG_ARRAY:
      describe_array (self, type);
      break;
    case GI_TYPE_TAG_GLIST:
    case GI_TYPE_TAG_GSLIST:
      self->tag = tag == GI_TYPE_TAG_GLIST ? AH_TAG_LIST : AH_TAG_SLIST;
      self->element = describe_element (type, 0);
      break;
    case GI_TYPE_TAG_ERROR:
      self->tag = AH_TAG_BOXED;
      self->gtype = G_TYPE_ERROR;
      self->name = g_strdup ("GLib.Error");
      break;
    case GI_TYPE_TAG_GHASH:
      self->tag = AH_TAG_HASH;
      self->element = describe_element (type, 0);
      self->value = describe_element (type, 1);
      break;
    default:
      self->tag = tag_of_basic (tag);
      if (self->tag == AH_TAG_UNSUPPORTED)
        refuse (self, N_ ("the type is not known"));
    }
}

static AhNativeType *
describe_element (GITypeInfo *type, AhGiIndex n)
{
  g_autoptr (AhGiInfo) element = (GIBaseInfo *) GI (type_info_get_param_type) (type, n);
  AhNativeType *self = g_new (AhNativeType, 1);

  describe_type (self, (GITypeInfo *) element);
  return self;
}

static AhNativeTransfer
describe_transfer (GITransfer transfer)
{
  return transfer == GI_TRANSFER_NOTHING     ? AH_TRANSFER_NONE
         : transfer == GI_TRANSFER_CONTAINER ? AH_TRANSFER_CONTAINER
                                             : AH_TRANSFER_FULL;
}

static void
describe_arg (AhNativeArg *self, GIArgInfo *info)
{
  g_autoptr (AhGiInfo) type = (GIBaseInfo *) ah_gi_arg_get_type (info);
  GIDirection direction = GI (arg_info_get_direction) (info);

  self->name = g_strdup (GI (base_info_get_name) ((GIBaseInfo *) info));
  describe_type (&self->type, (GITypeInfo *) type);
  self->direction = direction == GI_DIRECTION_IN    ? AH_DIRECTION_IN
                    : direction == GI_DIRECTION_OUT ? AH_DIRECTION_OUT
                                                    : AH_DIRECTION_INOUT;
  self->transfer = describe_transfer (GI (arg_info_get_ownership_transfer) (info));
  self->nullable = GI (arg_info_may_be_null) (info);
  self->is_caller_allocated = GI (arg_info_is_caller_allocates) (info);
  self->is_async_callback = self->type.tag == AH_TAG_CALLBACK
                            && g_strcmp0 (self->type.name, "Gio.AsyncReadyCallback") == 0;
  self->closure = ah_gi_arg_get_closure (info);
  self->destroy = ah_gi_arg_get_destroy (info);
}

static void
describe_instance (AhNativeArg *self, const AhFound *found)
{
  GICallableInfo *callable = (GICallableInfo *) found->function;
  GIBaseInfo *container = found->container;
  AhNativeType *type = &self->type;

  *self = (AhNativeArg){ .name = g_strdup ("self"), .closure = -1, .destroy = -1 };
  self->transfer
      = describe_transfer (GI (callable_info_get_instance_ownership_transfer) (callable));
  *type = (AhNativeType){ .is_pointer = TRUE, .gtype = G_TYPE_NONE };
  type->length = -1;
  type->fixed_size = -1;
  type->name = full_name (container);
  if (GI_IS_REGISTERED_TYPE_INFO (container))
    type->gtype = GI (registered_type_info_get_g_type) ((GIRegisteredTypeInfo *) container);

  if (GI_IS_STRUCT_INFO (container) || GI_IS_UNION_INFO (container))
    describe_record (type, container);
  else
    describe_object (type, container);
}

char *
ah_describe_name (const AhFound *found)
{
  const char *namespace_ = GI (base_info_get_namespace) (found->function);
  const char *name = GI (base_info_get_name) (found->function);

  if (found->container == NULL)
    return g_strdup_printf ("%s.%s", namespace_, name);

  /* An inherited method may be of another namespace than what was asked for. */
  return g_strdup_printf ("%s.%s.%s", GI (base_info_get_namespace) (found->container),
                          GI (base_info_get_name) (found->container), name);
}

/* The function that takes the outcome of this one, found by its name; or NULL. */
static char *
find_finish (const AhFound *found)
{
  const char *namespace_ = GI (base_info_get_namespace) (found->function);
  const char *name = GI (base_info_get_name) (found->function);
  gsize length = strlen (name);
  g_autofree char *stem = g_strndup (name, g_str_has_suffix (name, "_async") ? length - 6 : length);
  g_autofree char *path = NULL;
  g_auto (AhFound) finish = { 0 };

  if (found->container)
    path = g_strdup_printf ("%s.%s_finish", GI (base_info_get_name) (found->container), stem);
  else
    path = g_strdup_printf ("%s_finish", stem);

  if (!ah_repository_find (namespace_, path, &finish))
    return NULL;
  return ah_describe_name (&finish);
}

AhNativeInfo *
ah_describe (const AhFound *found, GError **error)
{
  GICallableInfo *callable = (GICallableInfo *) found->function;
  GIFunctionInfo *function = (GIFunctionInfo *) found->function;
  g_autoptr (AhGiInfo) result = (GIBaseInfo *) GI (callable_info_get_return_type) (callable);
  const char *symbol = GI (function_info_get_symbol) (function);
  guint n_args = GI (callable_info_get_n_args) (callable);
  AhNativeInfo *self;
  AhNativeArg *arg;
  gpointer address;

  if (!GI (typelib_symbol) (GI (base_info_get_typelib) (found->function), symbol, &address))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                   _ ("The library of the function has no symbol “%s”"), symbol);
      return NULL;
    }

  self = g_new0 (AhNativeInfo, 1);
  self->name = ah_describe_name (found);
  self->symbol = g_strdup (symbol);
  self->address = address;
  self->is_method = GI (callable_info_is_method) (callable);
  self->is_constructor = GI (function_info_get_flags) (function) & GI_FUNCTION_IS_CONSTRUCTOR;
  self->can_throw = GI (callable_info_can_throw_gerror) (callable);
  self->skips_return = GI (callable_info_skip_return) (callable);

  self->result.name = g_strdup ("return value");
  self->result.direction = AH_DIRECTION_OUT;
  self->result.transfer = describe_transfer (GI (callable_info_get_caller_owns) (callable));
  self->result.nullable = GI (callable_info_may_return_null) (callable);
  describe_type (&self->result.type, (GITypeInfo *) result);

  self->n_args = n_args + self->is_method;
  self->args = g_new0 (AhNativeArg, self->n_args);
  arg = self->args;
  if (self->is_method)
    describe_instance (arg++, found);
  for (guint i = 0; i < n_args; i++)
    {
      g_autoptr (AhGiInfo) info = (GIBaseInfo *) GI (callable_info_get_arg) (callable, i);

      describe_arg (arg, (GIArgInfo *) info);
      if (arg->is_async_callback && self->finish_name == NULL)
        self->finish_name = find_finish (found);
      arg++;
    }

  return self;
}

/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * What introspection says about a C function, as plain data. The module that speaks with
 * girepository fills it in; the rest of the library, which links no girepository, reads it.
 */

typedef enum
{
  AH_TAG_VOID,
  AH_TAG_BOOLEAN,
  AH_TAG_INT8,
  AH_TAG_UINT8,
  AH_TAG_INT16,
  AH_TAG_UINT16,
  AH_TAG_INT32,
  AH_TAG_UINT32,
  AH_TAG_INT64,
  AH_TAG_UINT64,
  AH_TAG_FLOAT,
  AH_TAG_DOUBLE,
  AH_TAG_UNICHAR,
  AH_TAG_GTYPE,
  AH_TAG_ENUM,
  AH_TAG_FLAGS,
  AH_TAG_LAST_SCALAR = AH_TAG_FLAGS,

  /* Pointers to one thing. */
  AH_TAG_UTF8,
  AH_TAG_FILENAME,
  AH_TAG_OBJECT,      /* a GObject, by its class or by an interface */
  AH_TAG_FUNDAMENTAL, /* another instantiatable type, with functions of its own */
  AH_TAG_BOXED,
  AH_TAG_VARIANT,
  AH_TAG_VALUE, /* a GValue: what it holds is what counts */

  /* Pointers to several. */
  AH_TAG_C_ARRAY,
  AH_TAG_ARRAY, /* GArray */
  AH_TAG_PTR_ARRAY,
  AH_TAG_BYTE_ARRAY, /* GByteArray */
  AH_TAG_LIST,
  AH_TAG_SLIST,

  AH_TAG_HASH, /* GHashTable */
  AH_TAG_CALLBACK,
  AH_TAG_POINTER,
  AH_TAG_UNSUPPORTED, /* the type's refusal says why */
} AhNativeTag;

typedef enum
{
  AH_TRANSFER_NONE,
  AH_TRANSFER_CONTAINER,
  AH_TRANSFER_FULL,
} AhNativeTransfer;

typedef enum
{
  AH_DIRECTION_IN,
  AH_DIRECTION_OUT,
  AH_DIRECTION_INOUT,
} AhNativeDirection;

typedef struct _AhNativeType AhNativeType;

struct _AhNativeType
{
  AhNativeTag   tag;
  AhNativeTag   storage;    /* AH_TAG_ENUM and AH_TAG_FLAGS: the integer that holds it */
  gboolean      is_pointer;
  GType         gtype;      /* G_TYPE_NONE where there is none */
  char         *name;       /* as documentation calls it: "Gio.File"; NULL for basic types */
  gsize         size;       /* AH_TAG_BOXED and AH_TAG_VALUE: of the structure; 0: unknown */
  const char   *refusal;    /* AH_TAG_UNSUPPORTED: marked for translation, not translated */

  /* Of those that hold several. */
  AhNativeType *element;    /* AH_TAG_HASH: the keys */
  AhNativeType *value;      /* AH_TAG_HASH */
  int           length;     /* the argument that has it, not counting the instance; else -1 */
  int           fixed_size; /* else -1 */
  gboolean      zero_terminated;

  /* AH_TAG_FUNDAMENTAL */
  gpointer    (*ref)       (gpointer instance);
  void        (*unref)     (gpointer instance);
  gpointer    (*get_value) (const GValue *value);
  void        (*set_value) (GValue *value, gpointer instance);
};

typedef struct
{
  char             *name;
  AhNativeType      type;
  AhNativeDirection direction;
  AhNativeTransfer  transfer;
  gboolean          nullable;
  gboolean          is_caller_allocated;
  gboolean          is_async_callback; /* a GAsyncReadyCallback */
  int               closure;           /* of a callback: the argument with its data; else -1 */
  int               destroy;           /* of a callback: the argument that frees it; else -1 */
} AhNativeArg;

typedef struct
{
  char            *name;   /* "Gio.File.load_contents" */
  char            *symbol; /* "g_file_load_contents" */
  gpointer         address;
  gboolean         is_method; /* then args begins with the instance, and indexes do not count it */
  gboolean         is_constructor;
  gboolean         can_throw;
  gboolean         skips_return;
  char            *finish_name; /* of the function that gives the outcome of an async one */
  AhNativeArg      result;      /* AH_TAG_VOID for none */
  AhNativeArg     *args;        /* without the GError */
  guint            n_args;
} AhNativeInfo;

/* What a module offers. Called under the library's lock. */
typedef struct
{
  gboolean     (*require)      (const char   *namespace_,
                                const char   *version,
                                GError      **error);
  AhNativeInfo *(*find)        (const char   *namespace_,
                                const char   *path,
                                GError      **error);
  AhNativeInfo *(*find_symbol) (const char   *namespace_,
                                const char   *symbol,
                                GError      **error);
  char        **(*list)        (const char   *namespace_,
                                GError      **error);
} AhNativeModule;

/* The one symbol that a module exports; the number changes with the structures above. */
#define AH_NATIVE_MODULE_SYMBOL "ah_native_module_1"

G_END_DECLS

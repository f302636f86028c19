/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

/* A library with a function for each signature that introspection can describe. It counts what it
 * makes, so that a reference too many or too few shows. */

G_BEGIN_DECLS

typedef enum
{
  ODD_COLOUR_RED,
  ODD_COLOUR_GREEN = 5,
} OddColour;

typedef enum
{
  ODD_TASTES_SWEET = 1 << 0,
  ODD_TASTES_SOUR = 1 << 3,
} OddTastes;

GType odd_colour_get_type (void);
GType odd_tastes_get_type (void);
#define ODD_TYPE_COLOUR (odd_colour_get_type ())
#define ODD_TYPE_TASTES (odd_tastes_get_type ())

/* Without a type of its own. */
typedef struct
{
  int x;
} OddBare;

/* Boxed, and counted. */
typedef struct
{
  int number;
} OddBox;

#define ODD_TYPE_BOX (odd_box_get_type ())
GType   odd_box_get_type   (void);
OddBox *odd_box_new        (int number);
OddBox *odd_box_copy       (OddBox *self);
void    odd_box_free       (OddBox *self);
int     odd_box_get_number (OddBox *self);
int     odd_box_eat        (OddBox *self);

/* Boxed, and of a size that callers may know. */
typedef struct
{
  int x;
  double y;
} OddPoint;

#define ODD_TYPE_POINT (odd_point_get_type ())
GType odd_point_get_type (void);
void  odd_point_fill     (OddPoint *point, int x, double y);

#define ODD_TYPE_NAMED (odd_named_get_type ())
G_DECLARE_INTERFACE (OddNamed, odd_named, ODD, NAMED, GObject)
struct _OddNamedInterface
{
  GTypeInterface parent;
  const char *(*get_name) (OddNamed *self);
};
const char *odd_named_get_name (OddNamed *self);

#define ODD_TYPE_THING (odd_thing_get_type ())
G_DECLARE_DERIVABLE_TYPE (OddThing, odd_thing, ODD, THING, GObject)
struct _OddThingClass
{
  GObjectClass parent_class;
};
OddThing *odd_thing_new        (int number);
OddThing *odd_thing_new_failing (GError **error);
int       odd_thing_get_number (OddThing *self);
OddThing *odd_thing_get_self   (OddThing *self);
OddThing *odd_thing_eat        (OddThing *self, OddThing *other);
OddNamed *odd_thing_as_named   (OddThing *self);
void      odd_thing_announce   (OddThing *self);

#define ODD_TYPE_FLOATER (odd_floater_get_type ())
G_DECLARE_FINAL_TYPE (OddFloater, odd_floater, ODD, FLOATER, GInitiallyUnowned)
OddFloater *odd_floater_new      (void);
OddFloater *odd_floater_new_full (void);

int         odd_count_live       (void);

/* Numbers */
gboolean    odd_echo_boolean     (gboolean value);
gint8       odd_echo_int8        (gint8 value);
guint8      odd_echo_uint8       (guint8 value);
gint16      odd_echo_int16       (gint16 value);
guint16     odd_echo_uint16      (guint16 value);
gint32      odd_echo_int32       (gint32 value);
guint32     odd_echo_uint32      (guint32 value);
gint64      odd_echo_int64       (gint64 value);
guint64     odd_echo_uint64      (guint64 value);
float       odd_echo_float       (float value);
double      odd_echo_double      (double value);
gunichar    odd_echo_unichar     (gunichar value);
GType       odd_echo_gtype       (GType value);
OddColour   odd_echo_colour      (OddColour value);
OddTastes   odd_echo_tastes      (OddTastes value);
double      odd_sum_many         (gint8 a, double b, gint16 c, float d, gint64 e, guint8 f,
                                  double g, gint32 h, float i, guint16 j, double k, guint64 l);

/* Out and inout */
void        odd_nothing          (void);
void        odd_out_three        (int *a, char **b, double *c);
gboolean    odd_out_mixed        (int in, int *out, gint64 *inout, const char **text);
void        odd_inout_string     (char **text);
void        odd_inout_borrowed   (const char **text);
gboolean    odd_skipped          (int *out, GError **error);
void        odd_out_optional     (int *a, int *b);

/* Strings */
const char *odd_string_none      (const char *text);
char       *odd_string_full      (char *text);
char       *odd_string_nullable  (const char *text);
char       *odd_filename         (const char *path);

/* Bytes */
guint8     *odd_bytes_reverse    (const guint8 *data, gsize length, gsize *n);
int         odd_bytes_first      (gint16 length, const guint8 *data);
const guint8 *odd_bytes_static   (int *length);
GBytes     *odd_bytes_bytes      (GBytes *bytes);
GByteArray *odd_bytes_array      (GByteArray *array);
void        odd_bytes_read       (guint8 *buffer, guint size);
guint8     *odd_bytes_none       (gsize *n);

/* Arrays */
int         odd_ints_sum         (const int *values, guint n);
int        *odd_ints_range       (int n, int *n_values);
gint64     *odd_ints_until_zero  (const gint64 *values);
int         odd_ints_fixed       (const int values[3]);
void        odd_ints_out_fixed   (int **values);
void        odd_ints_double      (int **values, int *n);
double     *odd_doubles_full     (double *values, guint8 n, guint *n_values);
char      **odd_strv_full        (char **strings);
const char *const *odd_strv_none (const char *const *strings);
char      **odd_strv_container   (const char **strings);
char      **odd_strings_length   (const char **strings, int n, int *n_strings);
gboolean    odd_pairs            (const char **names, const int *values, guint n);
int         odd_things_sum       (OddThing **things, int n);
OddThing  **odd_things_full      (int n, int *n_things);
OddColour  *odd_colours          (const OddColour *colours, int n, int *n_colours);

/* Lists */
GList      *odd_list_none        (GList *strings);
GList      *odd_list_container   (GList *strings);
GList      *odd_list_full        (GList *strings);
GSList     *odd_slist_things     (GSList *things);
GPtrArray  *odd_ptr_array        (GPtrArray *strings);
GArray     *odd_garray           (GArray *numbers);
GHashTable *odd_table            (GHashTable *table);
GList      *odd_list_of_strv     (void);
GList      *odd_list_of_boxes    (void);

/* Boxed and others */
OddBox     *odd_boxed_full       (OddBox *box);
OddBox     *odd_boxed_none       (OddBox *box);
void        odd_boxed_out        (int number, OddBox **box);
GVariant   *odd_variant_floating (int number);
GVariant   *odd_variant_full     (GVariant *variant);
GError     *odd_error_make       (const char *message);
char       *odd_error_message    (GError *failure);
GParamSpec *odd_param            (GParamSpec *pspec);
char       *odd_value_show       (const GValue *value);
void        odd_value_out        (GValue *value);
GValue     *odd_value_full       (void);

/* What fails, waits, or is refused */
int         odd_fail             (const char *message, GError **error);
gboolean    odd_wait             (GCancellable *cancellable, GError **error);
int         odd_count_waiting    (void);
GCancellable *odd_get_cancellable (GCancellable *cancellable);

typedef int (*OddFunc) (int number, gpointer user_data);
int         odd_call             (OddFunc func, gpointer user_data);
int         odd_call_nullable    (OddFunc func, gpointer user_data, GDestroyNotify destroy);
int         odd_pointer          (gpointer pointer);
int         odd_pointer_nullable (gpointer pointer);
int         odd_bare             (OddBare *bare);
int         odd_endless          (const int *values);
void        odd_closure          (GClosure *closure);
void        odd_start_async      (int number, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data);
int         odd_start_finish     (GAsyncResult *result, GError **error);

G_END_DECLS

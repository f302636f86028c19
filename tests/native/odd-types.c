/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "odd.h"

static int n_live; /* atomic: things, boxes and floaters */

/**
 * odd_count_live:
 *
 * Returns: how many objects and boxes there are
 */
int
odd_count_live (void)
{
  return g_atomic_int_get (&n_live);
}

GType
odd_colour_get_type (void)
{
  static gsize type;
  static const GEnumValue values[] = { { ODD_COLOUR_RED, "ODD_COLOUR_RED", "red" },
                                       { ODD_COLOUR_GREEN, "ODD_COLOUR_GREEN", "green" },
                                       { 0, NULL, NULL } };

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("OddColour", values));
  return type;
}

GType
odd_tastes_get_type (void)
{
  static gsize type;
  static const GFlagsValue values[] = { { ODD_TASTES_SWEET, "ODD_TASTES_SWEET", "sweet" },
                                        { ODD_TASTES_SOUR, "ODD_TASTES_SOUR", "sour" },
                                        { 0, NULL, NULL } };

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_flags_register_static ("OddTastes", values));
  return type;
}

/* --- Boxed --- */

OddBox *
odd_box_new (int number)
{
  OddBox *self = g_new (OddBox, 1);

  g_atomic_int_inc (&n_live);
  self->number = number;
  return self;
}

OddBox *
odd_box_copy (OddBox *self)
{
  return odd_box_new (self->number);
}

void
odd_box_free (OddBox *self)
{
  g_atomic_int_add (&n_live, -1);
  g_free (self);
}

G_DEFINE_BOXED_TYPE (OddBox, odd_box, odd_box_copy, odd_box_free)

int
odd_box_get_number (OddBox *self)
{
  return self->number;
}

/**
 * odd_box_eat:
 * @self: (transfer full): a box
 *
 * Returns: its number
 */
int
odd_box_eat (OddBox *self)
{
  int number = self->number;

  odd_box_free (self);
  return number;
}

static gpointer
point_copy (gpointer point)
{
  return g_memdup2 (point, sizeof (OddPoint));
}

G_DEFINE_BOXED_TYPE (OddPoint, odd_point, point_copy, g_free)

/**
 * odd_point_fill:
 * @point: (out caller-allocates): the point
 * @x: one
 * @y: two
 */
void
odd_point_fill (OddPoint *point, int x, double y)
{
  g_assert_cmpint (point->x, ==, 0);
  point->x = x;
  point->y = y;
}

/* --- Objects --- */

G_DEFINE_INTERFACE (OddNamed, odd_named, G_TYPE_OBJECT)

static void
odd_named_default_init (OddNamedInterface *iface)
{
}

const char *
odd_named_get_name (OddNamed *self)
{
  return ODD_NAMED_GET_IFACE (self)->get_name (self);
}

typedef struct
{
  int number;
} OddThingPrivate;

static const char *
thing_get_name (OddNamed *self)
{
  return "thing";
}

static void
named_init (OddNamedInterface *iface)
{
  iface->get_name = thing_get_name;
}

G_DEFINE_TYPE_WITH_CODE (OddThing,
                         odd_thing,
                         G_TYPE_OBJECT,
                         G_ADD_PRIVATE (OddThing)
                             G_IMPLEMENT_INTERFACE (ODD_TYPE_NAMED, named_init))

static void
odd_thing_finalize (GObject *object)
{
  g_atomic_int_add (&n_live, -1);
  G_OBJECT_CLASS (odd_thing_parent_class)->finalize (object);
}

static void
odd_thing_class_init (OddThingClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = odd_thing_finalize;
  g_signal_new ("announced", ODD_TYPE_THING, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                0);
}

static void
odd_thing_init (OddThing *self)
{
  g_atomic_int_inc (&n_live);
}

OddThing *
odd_thing_new (int number)
{
  OddThing *self = g_object_new (ODD_TYPE_THING, NULL);

  ((OddThingPrivate *) odd_thing_get_instance_private (self))->number = number;
  return self;
}

/**
 * odd_thing_new_failing:
 * @error: an error
 *
 * Returns: (transfer full): never a thing
 */
OddThing *
odd_thing_new_failing (GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BUSY, "no thing");
  return NULL;
}

int
odd_thing_get_number (OddThing *self)
{
  return ((OddThingPrivate *) odd_thing_get_instance_private (self))->number;
}

/**
 * odd_thing_get_self:
 * @self: a thing
 *
 * Returns: (transfer none): itself
 */
OddThing *
odd_thing_get_self (OddThing *self)
{
  return self;
}

/**
 * odd_thing_eat:
 * @self: (transfer full): a thing
 * @other: (transfer full) (nullable): another one
 *
 * Returns: (transfer full): the other one
 */
OddThing *
odd_thing_eat (OddThing *self, OddThing *other)
{
  g_object_unref (self);
  return other;
}

/**
 * odd_thing_as_named:
 * @self: a thing
 *
 * Returns: (transfer full): itself
 */
OddNamed *
odd_thing_as_named (OddThing *self)
{
  return ODD_NAMED (g_object_ref (self));
}

void
odd_thing_announce (OddThing *self)
{
  g_signal_emit_by_name (self, "announced");
}

struct _OddFloater
{
  GInitiallyUnowned parent_instance;
};

G_DEFINE_FINAL_TYPE (OddFloater, odd_floater, G_TYPE_INITIALLY_UNOWNED)

static void
odd_floater_finalize (GObject *object)
{
  g_atomic_int_add (&n_live, -1);
  G_OBJECT_CLASS (odd_floater_parent_class)->finalize (object);
}

static void
odd_floater_class_init (OddFloaterClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = odd_floater_finalize;
}

static void
odd_floater_init (OddFloater *self)
{
  g_atomic_int_inc (&n_live);
}

OddFloater *
odd_floater_new (void)
{
  return g_object_new (ODD_TYPE_FLOATER, NULL);
}

/**
 * odd_floater_new_full:
 *
 * Returns: (transfer full): a floater that does not float
 */
OddFloater *
odd_floater_new_full (void)
{
  return g_object_ref_sink (odd_floater_new ());
}

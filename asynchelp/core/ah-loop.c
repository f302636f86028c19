/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/core/ah-loop-private.h"

struct _AhLoop
{
  GSource source;
  GMainContext *context; /* constant; the source goes with it */
  int priority;          /* constant */

  GMutex lock;
  GQueue items; /* guarded by the lock */
  gint n_items; /* atomic, written under the lock */
};

/* All loops, as their own keys. Its lock is taken before that of a context, and never the other
 * way. */
static GMutex table_lock;
static GHashTable *table;

static guint
loop_hash (gconstpointer data)
{
  const AhLoop *loop = data;

  return g_direct_hash (loop->context) ^ (guint) loop->priority;
}

static gboolean
loop_equal (gconstpointer a, gconstpointer b)
{
  const AhLoop *loop_a = a, *loop_b = b;

  return loop_a->context == loop_b->context && loop_a->priority == loop_b->priority;
}

static AhLoopItem *
pop_item (AhLoop *self)
{
  AhLoopItem *item = NULL;
  GList *link;

  g_mutex_lock (&self->lock);
  link = g_queue_pop_head_link (&self->items);
  if (link)
    {
      item = link->data;
      item->queued = FALSE;
      g_atomic_int_add (&self->n_items, -1);
    }
  g_mutex_unlock (&self->lock);

  return item;
}

static gboolean
loop_prepare (GSource *source, int *timeout)
{
  *timeout = -1;
  return g_atomic_int_get (&((AhLoop *) source)->n_items) > 0;
}

static gboolean
loop_check (GSource *source)
{
  return g_atomic_int_get (&((AhLoop *) source)->n_items) > 0;
}

/*
 * One item at a time, and the source may recurse: a callback that runs a main loop of its own on
 * the context gets its further items dispatched there.
 */
static gboolean
loop_dispatch (GSource *source, GSourceFunc callback G_GNUC_UNUSED, gpointer data G_GNUC_UNUSED)
{
  AhLoop *self = ah_loop_ref ((AhLoop *) source);
  GMainContext *thread_default = g_main_context_get_thread_default ();
  gboolean push = thread_default ? thread_default != self->context
                                 : self->context != g_main_context_default ();
  gint64 until = g_get_monotonic_time () + AH_LOOP_SLICE_US;

  if (push)
    g_main_context_push_thread_default (self->context);

  /* What is posted meanwhile waits for the next iteration, where tasks made in this one end inline.
   */
  for (gint n_items = g_atomic_int_get (&self->n_items); n_items; n_items--)
    {
      AhLoopItem *item = pop_item (self);

      if (item == NULL)
        break;
      if (item->dispatch (item, until))
        ah_loop_post (self, item);
      if (g_get_monotonic_time () >= until)
        break;
    }

  if (push)
    g_main_context_pop_thread_default (self->context);
  ah_loop_unref (self);

  return G_SOURCE_CONTINUE;
}

static void
loop_finalize (GSource *source)
{
  AhLoop *self = (AhLoop *) source;

  g_mutex_lock (&table_lock);
  if (g_hash_table_lookup (table, self) == self)
    g_hash_table_remove (table, self);
  g_mutex_unlock (&table_lock);
  g_mutex_clear (&self->lock);
}

/* The loop of @context (which the caller has a reference to) at @priority, with a reference. */
AhLoop *
ah_loop_get (GMainContext *context, int priority)
{
  static GSourceFuncs funcs = {
    .prepare = loop_prepare,
    .check = loop_check,
    .dispatch = loop_dispatch,
    .finalize = loop_finalize,
  };
  AhLoop key = { .context = context, .priority = priority };
  AhLoop *self;

  g_mutex_lock (&table_lock);
  if (table == NULL)
    table = g_hash_table_new (loop_hash, loop_equal);

  self = g_hash_table_lookup (table, &key);
  /* A source that someone held on to has outlived a context that was at the same address. */
  if (self && g_source_is_destroyed (&self->source))
    self = NULL;
  if (self == NULL)
    {
      self = (AhLoop *) g_source_new (&funcs, sizeof (AhLoop));
      self->context = context;
      self->priority = priority;
      g_mutex_init (&self->lock);
      g_queue_init (&self->items);
      g_source_set_static_name (&self->source, "asynchelp");
      g_source_set_priority (&self->source, priority);
      g_source_set_can_recurse (&self->source, TRUE);
      g_source_attach (&self->source, context);
      g_source_unref (&self->source);
      g_hash_table_replace (table, self, self);
    }
  g_mutex_unlock (&table_lock);

  return ah_loop_ref (self);
}

AhLoop *
ah_loop_ref (AhLoop *self)
{
  g_main_context_ref (self->context);
  return self;
}

/* The last reference takes the context with it, and so the loop. */
void
ah_loop_unref (AhLoop *self)
{
  g_main_context_unref (self->context);
}

GMainContext *
ah_loop_get_context (AhLoop *self)
{
  return self->context;
}

/*
 * Has @item dispatched, once ah_loop_wake () is called if this returns TRUE; it must not be posted
 * already. The poster's reference has to last until then.
 */
gboolean
ah_loop_queue (AhLoop *self, AhLoopItem *item)
{
  gboolean first;

  g_mutex_lock (&self->lock);
  first = g_atomic_int_add (&self->n_items, 1) == 0;
  item->queued = TRUE;
  g_queue_push_tail_link (&self->items, &item->link);
  g_mutex_unlock (&self->lock);

  /* Where there were others, the context was woken for them, or is in a dispatch, after which it
   * looks again. */
  return first && !(g_main_depth () > 0 && g_main_context_is_owner (self->context));
}

/* A ready time would cost a wake each time that it is set or unset, and hold the context's lock
 * meanwhile, which the woken thread wants first. */
void
ah_loop_wake (AhLoop *self)
{
  g_main_context_wakeup (self->context);
}

void
ah_loop_post (AhLoop *self, AhLoopItem *item)
{
  if (ah_loop_queue (self, item))
    ah_loop_wake (self);
}

/* Takes @item back, if it has not been dispatched. */
gboolean
ah_loop_withdraw (AhLoop *self, AhLoopItem *item)
{
  gboolean queued;

  g_mutex_lock (&self->lock);
  queued = item->queued;
  if (queued)
    {
      g_queue_unlink (&self->items, &item->link);
      g_atomic_int_add (&self->n_items, -1);
      item->queued = FALSE;
    }
  g_mutex_unlock (&self->lock);

  return queued;
}

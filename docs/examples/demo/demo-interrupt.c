/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Ctrl-C cancels, also while the main thread runs no main loop: so a thread listens for it.
 *
 * It listens once: when the source is gone, GLib gives the signal back its usual meaning, and a
 * second Ctrl-C ends the program at once. */

#include "demo.h"

#include <glib-unix.h>
#include <signal.h>

static GMainLoop *interrupt_loop;
static GThread *interrupt_thread;

static gboolean
interrupt_cb (gpointer user_data)
{
  GCancellable *cancellable = user_data;

  g_cancellable_cancel (cancellable);

  return G_SOURCE_REMOVE;
}

static gpointer
interrupt_main (gpointer user_data)
{
  g_main_loop_run (interrupt_loop);

  return NULL;
}

void
demo_interrupt_start (GCancellable *cancellable)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GSource) source = g_unix_signal_source_new (SIGINT);

  g_source_set_callback (source, interrupt_cb, g_object_ref (cancellable), g_object_unref);
  g_source_attach (source, context);

  interrupt_loop = g_main_loop_new (context, FALSE);
  interrupt_thread = g_thread_new ("interrupt", interrupt_main, NULL);
}

static gboolean
quit_cb (gpointer user_data)
{
  g_main_loop_quit (interrupt_loop);

  return G_SOURCE_REMOVE;
}

void
demo_interrupt_stop (void)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  /* From inside: a loop that has not begun to run would miss g_main_loop_quit (). */
  g_source_set_callback (source, quit_cb, NULL, NULL);
  g_source_attach (source, g_main_loop_get_context (interrupt_loop));

  g_thread_join (g_steal_pointer (&interrupt_thread));
  g_clear_pointer (&interrupt_loop, g_main_loop_unref);
}

/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "asynchelp/pool/ah-strand-private.h"

#include "asynchelp/ah-i18n-private.h"
#include "asynchelp/pool/ah-inside-private.h"

/**
 * AhStrand:
 *
 * Functions of one strand never run at the same time, except inside blocking regions.
 *
 * A strand gives threads what code between two `await`s has: it can rely on nobody else touching
 * what the functions of the strand share, without a lock. Blocking functions of a batch whose
 * [property@Batch:strand] it is have their turns in it, whatever thread runs them; other code
 * enters by [method@Strand.enter] and [method@Strand.leave]. First come, first served.
 *
 * A turn ends for a while wherever the function waits: in a blocking region (see
 * [func@blocking_begin]), in [func@block], [method@Future.wait] and [func@invoke], and inside
 * another strand. What the strand protects has to be in order then, and may have changed
 * afterwards. This is also why strands never lock each other up, in whatever order they are
 * entered: nobody has a turn while waiting for another.
 *
 * A function of a batch that has to wait for its turn is not started, and parks no thread. One that
 * enters by hand, or comes back from a blocking region, sleeps in its thread until its turn.
 *
 * A strand may be used from several threads at once.
 */
struct _AhStrand
{
  GObject parent_instance;

  AhTurns *turns;
};

G_DEFINE_FINAL_TYPE (AhStrand, ah_strand, G_TYPE_OBJECT)

static void
ah_strand_finalize (GObject *object)
{
  ah_turns_unref (AH_STRAND (object)->turns);

  G_OBJECT_CLASS (ah_strand_parent_class)->finalize (object);
}

static void
ah_strand_class_init (AhStrandClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ah_strand_finalize;
}

static void
ah_strand_init (AhStrand *self)
{
  self->turns = ah_turns_new ();
}

AhTurns *
ah_strand_get_turns (AhStrand *self)
{
  return self->turns;
}

/**
 * ah_strand_new:
 *
 * Makes a strand.
 *
 * May be called from any thread.
 *
 * Returns: (transfer full): a new strand
 */
AhStrand *
ah_strand_new (void)
{
  return g_object_new (AH_TYPE_STRAND, NULL);
}

/**
 * ah_strand_enter:
 * @self: a strand
 * @cancellable: (nullable): ends the wait with %G_IO_ERROR_CANCELLED
 * @error: return location for an error
 *
 * Waits for a turn in the strand, in the calling thread.
 *
 * It lasts until [method@Strand.leave], which has to be called in the same function and thread. In
 * C, `g_autoptr (AhStrandTurn) turn = ah_strand_turn_new (strand, cancellable, error)` leaves at
 * the end of its scope. The strand stays alive until then, whoever drops it.
 *
 * A turn that the thread has in another strand ends until this one is left. To enter a strand from
 * inside itself is a programmer's mistake, which is refused with %G_IO_ERROR_EXISTS.
 *
 * May be called from any thread. In the thread of a main loop it holds the loop until the turn
 * comes.
 *
 * Returns: %TRUE if the strand was entered
 */
gboolean
ah_strand_enter (AhStrand *self, GCancellable *cancellable, GError **error)
{
  AhInside *inside;

  g_return_val_if_fail (AH_IS_STRAND (self), FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);

  if (ah_strand_is_inside (self))
    {
      g_critical ("A strand cannot be entered from inside itself");
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_EXISTS,
                           _ ("The thread is inside the strand already: leave it before "
                              "entering it again"));
      return FALSE;
    }
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;

  inside = ah_inside_new (AH_INSIDE_STRAND);
  ah_inside_push (inside);
  if (!ah_inside_take (self->turns, cancellable, error))
    {
      ah_inside_pop (inside);
      g_free (inside);
      return FALSE;
    }

  inside->turns = ah_turns_ref (self->turns);
  inside->strand = G_OBJECT (g_object_ref (self));
  return TRUE;
}

/**
 * ah_strand_leave:
 * @self: a strand
 *
 * Ends the turn that [method@Strand.enter] began.
 *
 * Where the thread had a turn in another strand before, it waits for its next one there. To leave
 * what was not entered in the same function and thread is a programmer's mistake, and does nothing.
 *
 * May be called from any thread.
 */
void
ah_strand_leave (AhStrand *self)
{
  AhInside *inside = ah_inside_get ();

  /* Not even that it is a strand can be asked of one that was never entered, and is gone. */
  if (inside == NULL || inside->kind != AH_INSIDE_STRAND || inside->strand != (GObject *) self)
    {
      g_critical ("A strand was left that the same function and thread had not entered, or before "
                  "what was begun inside it had ended");
      return;
    }

  ah_inside_leave (inside);
}

/**
 * ah_strand_is_inside:
 * @self: a strand
 *
 * Tells whether the calling thread has a turn in the strand now.
 *
 * May be called from any thread.
 *
 * Returns: %TRUE if no other function of the strand runs until the caller waits or leaves
 */
gboolean
ah_strand_is_inside (AhStrand *self)
{
  AhInside *inside;

  g_return_val_if_fail (AH_IS_STRAND (self), FALSE);

  inside = ah_inside_get ();
  return inside && inside->turns == self->turns;
}

/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* The library from Vala: that what vapigen made of it can be used, and that what Vala hands over is
 * freed. */

class Watched : Object {
    public static int n_live; /* atomic */

    public int number { get; construct; }

    public Watched (int number) {
        Object (number: number);
    }

    construct {
        AtomicInt.inc (ref n_live);
    }

    ~Watched () {
        AtomicInt.add (ref n_live, -1);
    }
}

/* What a batch of schedule_mixed () must give. */
void check_mixed (Array<Value> values) {
    assert_cmpuint (values.length, CompareOperator.EQ, 6);
    assert_cmpint (values.index (0).get_int (), CompareOperator.EQ, 7);
    assert_cmpstr (values.index (1).get_string (), CompareOperator.EQ, "text 7");
    assert_true (values.index (2).holds (typeof (void*)));
    assert_true (values.index (2).get_pointer () == null);
    assert_true (values.index (3).get_double () == 7.5);
    assert_cmpstr (values.index (4).get_string (), CompareOperator.EQ, "later 7");
    assert_cmpint (((Watched) values.index (5).get_object ()).number, CompareOperator.EQ, 7);
}

void return_later (Task task, string text) {
    var source = new IdleSource ();

    source.set_callback (() => {
        task.return_value (text);
        return Source.REMOVE;
    });
    source.attach (task.get_context ());
}

void schedule_mixed (Ah.Batch batch) {
    var watched = new Watched (7);

    batch.schedule_blocking ((cancellable, out result) => {
        result = watched.number;
    });
    batch.schedule_blocking ((cancellable, out result) => {
        result = "text %d".printf (watched.number);
    });
    batch.schedule_blocking ((cancellable, out result) => {
        result = Value (typeof (void*));
    });
    batch.schedule_async ((task) => {
        task.return_value (7.5);
    });
    batch.schedule_async ((task) => {
        return_later (task, "later %d".printf (watched.number));
    });
    batch.schedule_blocking ((cancellable, out result) => {
        result = watched;
    });
}

Ah.Batch[] both_kinds () {
    return { new Ah.Parallel (), new Ah.Serial () };
}

void test_block () {
    foreach (var batch in both_kinds ()) {
        schedule_mixed (batch);
        try {
            check_mixed (batch.block ());
            check_mixed (batch.block (new Cancellable ()));
        } catch (Error error) {
            Test.fail_printf ("%s", error.message);
        }
    }
}

async void run_and_check (Ah.Batch batch, MainLoop loop) {
    try {
        check_mixed (yield batch.run_async ());
    } catch (Error error) {
        Test.fail_printf ("%s", error.message);
    }
    loop.quit ();
}

void test_run_async () {
    foreach (var batch in both_kinds ()) {
        var loop = new MainLoop ();

        schedule_mixed (batch);
        run_and_check.begin (batch, loop);
        loop.run ();
    }
}

void test_future () {
    foreach (var batch in both_kinds ()) {
        schedule_mixed (batch);
        try {
            var future = Ah.start (batch);

            assert_true (future.wait ());
            check_mixed (future.get_results ());
            assert_true (future.get_done ());
            assert_true (future.get_fraction () == 1);

            future = Ah.queue_background_thread (batch);
            assert_true (future.wait ());
            check_mixed (future.get_results ());
        } catch (Error error) {
            Test.fail_printf ("%s", error.message);
        }
    }
}

void test_chained () {
    try {
        var inner = new Ah.Serial ();
        var outer = new Ah.Parallel ();

        schedule_mixed (inner);
        outer.schedule (inner).schedule (inner);

        var values = outer.block ();
        assert_cmpuint (values.length, CompareOperator.EQ, 2);
        for (uint i = 0; i < 2; i++) {
            var part = (Ah.Results) values.index (i).get_object ();
            assert_cmpuint (part.get_n (), CompareOperator.EQ, 6);
            check_mixed (part.get_values ());
        }
    } catch (Error error) {
        Test.fail_printf ("%s", error.message);
    }
}

void test_error () {
    var batch = new Ah.Parallel ();

    batch.schedule_blocking ((cancellable, out result) => {
        result = 1;
    });
    batch.schedule_blocking ((cancellable, out result) => {
        throw new IOError.BUSY ("no luck");
    });

    try {
        batch.block ();
        Test.fail_printf ("an error should have been thrown");
    } catch (IOError.BUSY error) {
        assert_true (error.message.contains ("no luck"));
        assert_true (error.message.contains ("Function 1"));
    } catch (Error error) {
        Test.fail_printf ("%s", error.message);
    }

    batch.set_error_policy (Ah.ErrorPolicy.COLLECT);
    try {
        var values = batch.block ();

        assert_cmpint (values.index (0).get_int (), CompareOperator.EQ, 1);
        assert_true (values.index (1).holds (typeof (Error)));
    } catch (Error error) {
        Test.fail_printf ("%s", error.message);
    }
}

void test_function () {
    var function = new Ah.Function.from_blocking ((cancellable, out result) => {
        result = "one";
    });

    function.set_name ("a name");
    assert_cmpstr (function.get_name (), CompareOperator.EQ, "a name");
    assert_false (function.is_async ());
    assert_true (Ah.to_async (function).is_async ());

    try {
        Value result;

        assert_true (Ah.block (function, null, out result));
        assert_cmpstr (result.get_string (), CompareOperator.EQ, "one");
    } catch (Error error) {
        Test.fail_printf ("%s", error.message);
    }
}

void test_strand () {
    var strand = new Ah.Strand ();
    var batch = new Ah.Parallel ();
    int n_inside = 0;

    batch.strand = strand;
    for (int i = 0; i < 20; i++)
        batch.schedule_blocking ((cancellable, out result) => {
            assert_true (strand.is_inside ());
            assert_cmpint (++n_inside, CompareOperator.EQ, 1);
            n_inside--;
            Ah.blocking_begin ();
            assert_false (strand.is_inside ());
            Ah.blocking_end ();
            assert_true (strand.is_inside ());
            result = true;
        });

    try {
        assert_cmpuint (batch.block ().length, CompareOperator.EQ, 20);
        assert_true (strand.enter ());
        strand.leave ();
    } catch (Error error) {
        Test.fail_printf ("%s", error.message);
    }
}

void test_invoke () {
    unowned Thread<void> main_thread = Thread.self<void> ();
    var batch = new Ah.Parallel ();

    batch.schedule_blocking ((cancellable, out result) => {
        Ah.invoke (null, (cancellable, out result) => {
            result = main_thread == Thread.self<void> ();
        }, cancellable, out result);
    });
    batch.schedule_async ((task) => {
        task.return_value (true);
    });

    try {
        var values = batch.block ();

        assert_true (values.index (0).get_boolean ());
    } catch (Error error) {
        Test.fail_printf ("%s", error.message);
    }
}

void test_freed () {
    assert_cmpint (AtomicInt.get (ref Watched.n_live), CompareOperator.EQ, 0);

    for (int i = 0; i < 100; i++) {
        test_block ();
        test_run_async ();
        test_chained ();
    }

    assert_cmpint (AtomicInt.get (ref Watched.n_live), CompareOperator.EQ, 0);
}

int main (string[] args) {
    Test.init (ref args);

    Test.add_func ("/vala/block", test_block);
    Test.add_func ("/vala/run-async", test_run_async);
    Test.add_func ("/vala/future", test_future);
    Test.add_func ("/vala/chained", test_chained);
    Test.add_func ("/vala/error", test_error);
    Test.add_func ("/vala/function", test_function);
    Test.add_func ("/vala/strand", test_strand);
    Test.add_func ("/vala/invoke", test_invoke);
    Test.add_func ("/vala/freed", test_freed);

    return Test.run ();
}

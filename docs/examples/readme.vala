// SPDX-License-Identifier: LGPL-2.1-or-later

int main (string[] args) {
    var batch = new Ah.Parallel ();
    var path = args[0];

    // A blocking function: runs in a worker, and returns when its work is done.
    batch.schedule_blocking ((cancellable, out result) => {
        uint8[] contents;
        FileUtils.get_data (path, out contents);
        result = (uint64) contents.length;
    });

    // An async function: starts something on the main context, and ends its task later.
    batch.schedule_async ((task) => {
        var timeout = new TimeoutSource (100);
        timeout.set_callback (() => {
            task.return_value ("ring");
            return Source.REMOVE;
        });
        timeout.attach (task.get_context ());
    });

    try {
        var results = batch.block ();
        print ("%s bytes, %s\n", results.index (0).get_uint64 ().to_string (),
               results.index (1).get_string ());
        return 0;
    } catch (Error e) {
        printerr ("%s\n", e.message);
        return 1;
    }
}

/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Prints one digest over the files of a list, and their bytes, as the C program does.
 *
 * Two functions a file, all in parallel: a blocking one, which reads the file in a worker, and an
 * async one, which asks for its size. */

/* The SHA-256 of a file; runs in a worker. */
string read_file (File file, Cancellable? cancellable) throws Error {
    var checksum = new Checksum (ChecksumType.SHA256);
    var stream = file.read (cancellable);

    while (true) {
        var piece = stream.read_bytes (64 * 1024, cancellable);
        if (piece.get_size () == 0)
            return checksum.get_string ();
        checksum.update (piece.get_data (), piece.get_size ());
    }
}

/* The size of a file; ends the task that it is given. */
async void query_size (File file, Task task) {
    try {
        var info = yield file.query_info_async (FileAttribute.STANDARD_SIZE,
                                                FileQueryInfoFlags.NOFOLLOW_SYMLINKS,
                                                Priority.DEFAULT, task.get_cancellable ());
        Value size = (uint64) info.get_size ();
        task.return_value (size);
    } catch (Error error) {
        task.return_error ((owned) error);
    }
}

void schedule (Ah.Batch batch, File file) {
    batch.schedule_blocking ((cancellable, out result) => {
        result = read_file (file, cancellable);
    });
    batch.schedule_async ((task) => {
        query_size.begin (file, task);
    });
}

bool left_out (string uri, Value outcome) {
    if (!outcome.holds (typeof (Error)))
        return false;

    unowned Error error = (Error) outcome.get_boxed ();
    printerr ("digest: left out: %s: %s\n", uri, error.message);

    return true;
}

int main (string[] args) {
    try {
        string contents;
        FileUtils.get_contents (args[1], out contents);
        var batch = new Ah.Parallel ();
        var uris = new GenericArray<string> ();

        batch.set_error_policy (Ah.ErrorPolicy.COLLECT);
        foreach (unowned var uri in contents.split ("\n")) {
            if (uri != "") {
                uris.add (uri);
                schedule (batch, File.new_for_uri (uri));
            }
        }

        var values = batch.block (null);
        var total = new Checksum (ChecksumType.SHA256);
        uint64 n_bytes = 0;

        for (uint i = 0; i < uris.length; i++) {
            unowned Value digest = values.index (2 * i);
            unowned Value size = values.index (2 * i + 1);

            if (!left_out (uris[i], digest) && !left_out (uris[i], size)) {
                unowned string text = digest.get_string ();
                total.update (text.data, text.length);
                n_bytes += size.get_uint64 ();
            }
        }

        print ("%s %s\n", total.get_string (), n_bytes.to_string ());
        return 0;
    } catch (Error error) {
        printerr ("digest: %s\n", error.message);
        return 1;
    }
}

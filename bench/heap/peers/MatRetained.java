import java.io.File;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashMap;
import org.eclipse.mat.parser.internal.SnapshotFactory;
import org.eclipse.mat.snapshot.ISnapshot;
import org.eclipse.mat.util.VoidProgressListener;

/**
 * Opens a dump with the engine and prints its totals and its largest objects: address, retained bytes, own bytes,
 * retained objects, class.
 */
public final class MatRetained {
    public static void main(String[] arguments) throws Exception {
        ISnapshot snapshot = new SnapshotFactory().openSnapshot(
                new File(arguments[0]), new HashMap<String, String>(), new VoidProgressListener());
        int objects = snapshot.getSnapshotInfo().getNumberOfObjects();
        System.out.println("objects " + objects + " bytes " + snapshot.getSnapshotInfo().getUsedHeapSize());
        long[][] rows = new long[objects][];
        for (int id = 0; id < objects; id++) {
            rows[id] = new long[] {snapshot.getRetainedHeapSize(id), id};
        }
        Arrays.sort(rows, (a, b) -> Long.compare(b[0], a[0]));
        int most = Math.min(objects, Integer.parseInt(arguments[1]));
        for (int i = 0; i < most; i++) {
            int id = (int) rows[i][1];
            System.out.println("object " + Long.toHexString(snapshot.mapIdToAddress(id)) + " " + rows[i][0] + " "
                    + snapshot.getHeapSize(id) + " " + dominated(snapshot, id) + " " + snapshot.getClassOf(id).getName());
        }
    }

    /** How many objects go with this one, itself too. */
    private static int dominated(ISnapshot snapshot, int id) throws Exception {
        ArrayDeque<Integer> open = new ArrayDeque<>();
        open.push(id);
        int found = 0;
        while (!open.isEmpty()) {
            found++;
            for (int below : snapshot.getImmediateDominatedIds(open.pop())) {
                open.push(below);
            }
        }
        return found;
    }
}

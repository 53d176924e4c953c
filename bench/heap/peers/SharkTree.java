import java.io.File;
import java.util.Collections;
import java.util.EnumSet;
import shark.CloseableHeapGraph;
import shark.HprofHeapGraph;
import shark.HprofRecordTag;
import shark.internal.ObjectDominators;

/** Prints the dominator tree of a dump down to objects that keep so many bytes. */
public final class SharkTree {
    public static void main(String[] arguments) throws Exception {
        EnumSet<HprofRecordTag> all = EnumSet.allOf(HprofRecordTag.class);
        try (CloseableHeapGraph graph = HprofHeapGraph.Companion.openHeapGraph(new File(arguments[0]), null, all)) {
            int least = Integer.parseInt(arguments[1]);
            System.out.println(new ObjectDominators()
                    .renderDominatorTree(graph, Collections.emptyList(), least, null, false));
        }
    }
}

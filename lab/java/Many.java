import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Holds lists of small linked objects in a static map: "Many N" makes 14 N objects, says "ready", waits for a line. */
public class Many {
    static final Map<Integer, List<Node>> held = new HashMap<>();

    static final class Node {
        int number;
        long time;
        Node next;
        Object payload;

        Node(Node next, Object payload) {
            this.next = next;
            this.payload = payload;
        }
    }

    public static void main(String[] arguments) throws Exception {
        int count = Integer.parseInt(arguments[0]);
        for (int i = 0; i < count; i++) {
            List<Node> list = new ArrayList<>();
            Node last = null;
            for (int j = 0; j < 4; j++) {
                last = new Node(last, j % 2 == 0 ? "text-" + i + "-" + j : Integer.valueOf(1000 + i));
                list.add(last);
            }
            held.put(i, list);
        }
        System.out.println("ready");
        System.in.read();
    }
}

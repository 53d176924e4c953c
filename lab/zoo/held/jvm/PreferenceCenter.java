//: says = "The preferences of each user that passes by are kept in a static map from which nobody is removed."
//: kind = "leak"
//: causes = ["static-collection", "unbounded-cache"]
//: holder = ["UserPreferences", "BY_USER"]
//: per_s = 320
//: for_s = 20
//: limit_mib = 512
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** Start page: put together by what the user prefers. */
class PreferenceCenter {
    private static final AtomicLong VISITS = new AtomicLong();
    private static final Layout LAYOUT = new Layout();

    static String startPage() {
        String user = "user-" + VISITS.incrementAndGet();
        UserPreferences preferences = UserPreferences.of(user);
        String page = LAYOUT.page(preferences);
        UserPreferences.signedOff(user);
        return page;
    }

    static void converse(Socket socket) {
        try (socket) {
            socket.setTcpNoDelay(true);
            BufferedReader in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
            OutputStream out = socket.getOutputStream();
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                while (line != null && !line.isEmpty()) {
                    line = in.readLine();
                }
                byte[] body = startPage().getBytes(StandardCharsets.UTF_8);
                byte[] head = ("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " + body.length + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
                byte[] whole = new byte[head.length + body.length];
                System.arraycopy(head, 0, whole, 0, head.length);
                System.arraycopy(body, 0, whole, head.length, body.length);
                out.write(whole);
            }
        } catch (IOException gone) {
            // the reader went away
        }
    }

    public static void main(String[] arguments) throws IOException {
        ServerSocket listener = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
        Thread acceptor = new Thread(() -> {
            while (true) {
                try {
                    Socket socket = listener.accept();
                    Thread thread = new Thread(() -> converse(socket));
                    thread.setDaemon(true);
                    thread.start();
                } catch (IOException closed) {
                    return;
                }
            }
        }, "acceptor");
        acceptor.setDaemon(true);
        acceptor.start();
        System.out.printf("ready pid=%d port=%d%n", ProcessHandle.current().pid(), listener.getLocalPort());
        while (System.in.read() != -1) {
            continue;
        }
        System.exit(0);
    }

    static final class UserPreferences {
        private static final Map<String, UserPreferences> BY_USER = new ConcurrentHashMap<>();

        final String user;
        final Map<String, String> values = new HashMap<>();

        private UserPreferences(String user) {
            this.user = user;
            for (int i = 0; i < 48; i++) {
                values.put("widget." + i + ".place", user + "/column " + (i + user.length()) % 3 + "/row " + i);
            }
        }

        static UserPreferences of(String user) {
            return BY_USER.computeIfAbsent(user, UserPreferences::new);
        }

        static void signedOff(String user) {
            UserPreferences last = BY_USER.get(user); //~ leak
            UserPreferences last = BY_USER.remove(user); //~ fixed
            LAYOUT.shown(last == null ? 0 : last.values.size());
        }
    }

    static final class Layout {
        private final AtomicLong widgets = new AtomicLong();

        String page(UserPreferences preferences) {
            StringBuilder page = new StringBuilder(preferences.user).append('\n');
            for (int i = 0; i < 5; i++) {
                page.append(preferences.values.get("widget." + i + ".place")).append('\n');
            }
            return page.toString();
        }

        void shown(int count) {
            widgets.addAndGet(count);
        }
    }
}

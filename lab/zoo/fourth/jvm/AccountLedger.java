//: says = "Ledger sessions are borrowed from a pool and not given back when the account turns out dormant (early return): the pool opens new ones and LedgerPool.leased keeps the old with their statement caches"
//: kind = "leak"
//: causes = ["connection-pool"]
//: holder = ["LedgerPool", "leased"]
//: per_s = 220
//: limit_mib = 512
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;

public class AccountLedger {
    record Prepared(String sql, int slots) {
        static Prepared of(String sql) {
            return new Prepared(sql, (int) sql.chars().filter(c -> c == '?').count());
        }
    }

    static class LedgerSession {
        final long id;
        private final Map<String, Prepared> statements = new LinkedHashMap<>();

        LedgerSession(long id) {
            this.id = id;
            String[] tables = {"account", "posting", "journal", "fee", "mandate", "limit_rule", "statement", "holder"};
            for (String t : tables) {
                statements.put("find_" + t, Prepared.of("select id, opened, state, amount from " + t + " where shard = " + id % 16 + " and id = ?"));
                statements.put("list_" + t, Prepared.of("select id, amount, booked from " + t + " where account = ? and booked > ? order by booked"));
                statements.put("post_" + t, Prepared.of("insert into " + t + " (id, amount, booked, session) values (?, ?, ?, " + id + ")"));
            }
        }

        long run(String name, int account) {
            Prepared p = statements.get(name);
            CRC32 crc = new CRC32();
            crc.update((p.sql() + "#" + account + "#" + p.slots()).getBytes(StandardCharsets.UTF_8));
            return crc.getValue();
        }
    }

    static class LedgerPool {
        private final Deque<LedgerSession> idle = new ArrayDeque<>();
        private final Map<Long, LedgerSession> leased = new HashMap<>();
        private long opened;

        synchronized LedgerSession borrow() {
            LedgerSession s = idle.pollFirst();
            if (s == null) {
                s = new LedgerSession(++opened);
            }
            leased.put(s.id, s);
            return s;
        }

        synchronized void giveBack(LedgerSession s) {
            if (leased.remove(s.id) != null) {
                idle.addFirst(s);
            }
        }
    }

    static class Statements {
        private final LedgerPool pool = new LedgerPool();

        String balance(int account) {
            LedgerSession session = pool.borrow();
            long state = session.run("find_account", account);
            if (state % 4 != 0) {
                pool.giveBack(session);  //~ fixed
                return "account " + account + " dormant since " + (1990 + state % 30) + "\n";
            }
            long sum = 0;
            for (int i = 0; i < 12; i++) {
                sum += session.run("list_posting", account + i) % 100_000;
            }
            pool.giveBack(session);
            return "account " + account + " balance " + sum / 100.0 + "\n";
        }
    }

    static void serve(Socket socket, Statements statements) {
        try (socket) {
            socket.setTcpNoDelay(true);
            InputStream in = new BufferedInputStream(socket.getInputStream());
            OutputStream out = new BufferedOutputStream(socket.getOutputStream());
            StringBuilder head = new StringBuilder();
            for (int c = in.read(); c != -1; c = in.read()) {
                head.append((char) c);
                int len = head.length();
                if (len < 4 || !head.substring(len - 4).equals("\r\n\r\n")) {
                    continue;
                }
                int n = Integer.parseInt(head.substring(head.indexOf("/") + 1, head.indexOf(" HTTP")));
                head.setLength(0);
                byte[] body = statements.balance(n).getBytes(StandardCharsets.UTF_8);
                out.write(("HTTP/1.1 200 OK\r\nContent-Length: " + body.length + "\r\n\r\n").getBytes(StandardCharsets.UTF_8));
                out.write(body);
                out.flush();
            }
        } catch (IOException e) {
            System.err.println(e);
        }
    }

    public static void main(String[] args) throws Exception {
        Statements statements = new Statements();
        ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread acceptor = new Thread(() -> {
            try {
                while (true) {
                    Socket socket = listener.accept();
                    new Thread(() -> serve(socket, statements)).start();
                }
            } catch (IOException e) {
                System.err.println(e);
            }
        });
        acceptor.start();
        System.out.println("ready pid=" + ProcessHandle.current().pid() + " port=" + listener.getLocalPort());
        System.out.flush();
        while (System.in.read() != -1) {
        }
        System.exit(0);
    }
}

package vault;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A program that keeps a secret in every form that a heap has, and leaks sessions. A line on standard input is the
 * secret; it answers "planted".
 */
public final class Main {
    static final String LITERAL = "literal-of-the-code-4711";
    static final Map<String, Session> sessions = new HashMap<>();
    static final List<Object> kept = new ArrayList<>();

    static final class Session {
        final String owner;
        final char[] password;
        final byte[] cookie;

        Session(String owner, char[] password, byte[] cookie) {
            this.owner = owner;
            this.password = password;
            this.cookie = cookie;
        }
    }

    public static void main(String[] arguments) throws Exception {
        Thread named = new Thread(() -> { synchronized (kept) { kept.notifyAll(); } while (true) sleep(); }, "vault-keeper");
        named.setDaemon(true);
        named.start();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        System.out.println("ready");
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            plant(line);
            System.out.println("planted");
        }
    }

    static void sleep() {
        try {
            Thread.sleep(1000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    static void plant(String secret) {
        kept.add(secret);
        kept.add(secret.toCharArray());
        kept.add(secret.getBytes(StandardCharsets.UTF_8));
        kept.add(secret.getBytes(StandardCharsets.UTF_16LE));
        kept.add(Base64.getEncoder().encodeToString(secret.getBytes(StandardCharsets.UTF_8)));
        kept.add(new StringBuilder(secret).append(" in a builder"));
        kept.add(secret + " \u2013 wide");
        kept.add(secret.chars().toArray());
        kept.add(LITERAL);
        for (int i = 0; i < 2000; i++) {
            String owner = secret + "/" + i;
            sessions.put(owner, new Session(owner, owner.toCharArray(), new byte[300]));
        }
    }
}

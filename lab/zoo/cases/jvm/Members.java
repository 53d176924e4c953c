//: says = "A portal keeps the session of every login in a field of its one registry; signing out is optional and rare."
//: kind = "leak"
//: causes = ["session-state"]
//: holder = ["SessionRegistry", "byToken"]
//: per_s = 300
//: for_s = 20
//: warm = 1500
//: limit_mib = 1024
package com.lantern.portal;

import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import serving.Serving;

/** Members sign in and read. */
public final class Members {
    private final SessionRegistry sessions;
    private final Articles articles;

    Members(SessionRegistry sessions, Articles articles) {
        this.sessions = sessions;
        this.articles = articles;
    }

    public static void main(String[] arguments) throws Exception {
        Members members = new Members(SessionRegistry.get(), new Articles(300));
        Serving.serve((number, path) -> members.visit("member-" + number % 40_000, number));
    }

    String visit(String member, int number) {
        String token = sessions.open(member);
        for (int at = 0; at < 25; at++) {
            String title = articles.title(number + at);
            sessions.find(token).ifPresent(session -> session.read(title));
        }
        return member + " has read " + sessions.find(token).map(session -> session.history.size()).orElse(0);
    }

    static final class UserSession {
        final String member;
        final List<Map<String, Object>> history = new ArrayList<>();
        volatile long usedAtMs = System.currentTimeMillis();

        UserSession(String member) {
            this.member = member;
        }

        void read(String title) {
            usedAtMs = System.currentTimeMillis();
            Map<String, Object> visit = new HashMap<>();
            visit.put("title", title);
            visit.put("at", usedAtMs);
            visit.put("member", member);
            history.add(visit);
        }
    }

    /** Who is signed in. */
    static final class SessionRegistry {
        private static final SessionRegistry INSTANCE = new SessionRegistry();
        private static final long IDLE_MS = 1500; //~ fixed
        private final Map<String, UserSession> byToken = new ConcurrentHashMap<>();
        private final SecureRandom random = new SecureRandom();
        private volatile long sweptAtMs; //~ fixed

        static SessionRegistry get() {
            return INSTANCE;
        }

        String open(String member) {
            sweep(System.currentTimeMillis()); //~ fixed
            byte[] token = new byte[24];
            random.nextBytes(token);
            String text = HexFormat.of().formatHex(token);
            byToken.put(text, new UserSession(member));
            return text;
        }

        Optional<UserSession> find(String token) {
            return Optional.ofNullable(byToken.get(token));
        }

        private void sweep(long nowMs) { //~ fixed
            if (nowMs - sweptAtMs < 250) return; //~ fixed
            sweptAtMs = nowMs; //~ fixed
            byToken.values().removeIf(session -> nowMs - session.usedAtMs > IDLE_MS); //~ fixed
        } //~ fixed
    }

    static final class Articles {
        private final String[] titles;

        Articles(int count) {
            titles = new String[count];
            for (int at = 0; at < count; at++) {
                titles[at] = "On tides, part " + at;
            }
        }

        String title(int number) {
            return titles[number % titles.length];
        }
    }
}

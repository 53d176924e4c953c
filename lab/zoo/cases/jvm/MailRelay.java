//: says = "Mail is handed to a queue without a bound, and the one sender is slower than the requests that write it."
//: kind = "leak"
//: causes = ["queue-backlog"]
//: holder = ["Mailer", "outbox"]
//: per_s = 300
//: for_s = 20
//: warm = 1500
//: limit_mib = 1024
package org.quayside.mail;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue; //~ fixed
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue; //~ leak
import java.util.concurrent.atomic.AtomicInteger;
import serving.Serving;

/** Confirms bookings by mail. */
public final class MailRelay {
    public static void main(String[] arguments) throws Exception {
        Mailer mailer = new Mailer();
        Templates templates = new Templates();
        Thread sender = new Thread(mailer, "mail-sender");
        sender.setDaemon(true);
        sender.start();
        Serving.serve((number, path) -> {
            String language = number % 3 == 0 ? "nl" : "en";
            Mail mail = new Mail("guest" + number + "@mail.example", templates.confirm(language, number), Instant.now());
            return mailer.submit(mail) ? "booked, a mail is on its way" : "booked, no mail: " + mailer.sent() + " sent";
        });
    }

    record Mail(String to, byte[] body, Instant writtenAt) {
    }

    static final class Mailer implements Runnable {
        private final BlockingQueue<Mail> outbox = new LinkedBlockingQueue<>(); //~ leak
        private final BlockingQueue<Mail> outbox = new ArrayBlockingQueue<>(500); //~ fixed
        private final AtomicInteger sent = new AtomicInteger();

        boolean submit(Mail mail) {
            return outbox.offer(mail);
        }

        int sent() {
            return sent.get();
        }

        @Override
        public void run() {
            try {
                while (true) {
                    Mail next = outbox.take();
                    deliver(next);
                    sent.incrementAndGet();
                }
            } catch (InterruptedException ended) {
                Thread.currentThread().interrupt();
            }
        }

        /** What a handshake with the receiving server takes. */
        private static void deliver(Mail mail) throws InterruptedException {
            Thread.sleep(20 + mail.body().length % 10);
        }
    }

    static final class Templates {
        private final Map<String, String> byLanguage = new ConcurrentHashMap<>();

        byte[] confirm(String language, int number) {
            String template = byLanguage.computeIfAbsent(language, Templates::read);
            return template.replace("{number}", Integer.toString(number)).getBytes(StandardCharsets.UTF_8);
        }

        private static String read(String language) {
            String line = language.equals("nl") ? "Uw boeking {number} is bevestigd.\n" : "Booking {number} is confirmed.\n";
            return line.repeat(280);
        }
    }
}

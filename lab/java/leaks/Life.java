package leaks;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntConsumer;

/**
 * What every program here shares: work at a steady pace, and lines on standard input that are answered.
 * "serve" tells how often it has worked; "reset" forgets the longest pause; "pause" tells it, as a thread saw it that
 * sleeps for 1 ms and looks at the clock.
 */
final class Life {
    private static final int EVERY_MS = 10;
    private static final AtomicLong longest = new AtomicLong();
    private static volatile int served;

    private Life() {}

    /** Calls work(number) so that rate MB per second pass, where one call takes so many bytes. */
    static void live(double rate, int bytes, IntConsumer work) throws Exception {
        daemon("pulse", Life::feelPulse);
        daemon("answers", Life::answer);
        System.out.println("ready pid=" + ProcessHandle.current().pid());
        double due = 0;
        long last = System.nanoTime();
        while (true) {
            Thread.sleep(EVERY_MS);
            long now = System.nanoTime();
            // A pause is not made good by a burst afterwards.
            due += rate * 1e6 * Math.min((now - last) / 1e9, 0.1) / bytes;
            last = now;
            for (; due >= 1; due--) {
                work.accept(served++);
            }
        }
    }

    private static void feelPulse() {
        long last = System.nanoTime();
        while (true) {
            try {
                Thread.sleep(1);
            } catch (InterruptedException e) {
                return;
            }
            long now = System.nanoTime();
            longest.accumulateAndGet(now - last - 1_000_000, Math::max);
            last = now;
        }
    }

    private static void answer() {
        try (BufferedReader in = new BufferedReader(new InputStreamReader(System.in))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                if (line.equals("reset")) {
                    longest.set(0);
                }
                System.out.println(
                        line.equals("pause")
                                ? String.format("pause_s=%.4f peak=%d", longest.get() / 1e9, peak())
                                : "served=" + served);
            }
        } catch (java.io.IOException e) {
            System.exit(1);
        }
        System.exit(0);
    }

    private static long peak() throws java.io.IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("VmHWM:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
            }
        }
        return 0;
    }

    private static void daemon(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
    }
}

//: says = "healthy: static rolling window of the last 10 seconds of detailed readings, plus a steady 40 MB reference table and per-request garbage"
//: kind = "healthy"
//: per_s = 300
//: limit_mib = 512
//: runtime_options = ["-Xmx256m"]
package ward.telemetry;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.*;

public class Pulse {
    private static final long WINDOW_NANOS = 10_000_000_000L;

    static final class Sample {
        final int channel;
        final double value;
        final String unit;

        Sample(int channel, double value) {
            this.channel = channel;
            this.value = value;
            this.unit = channel % 2 == 0 ? "mmHg" : "bpm";
        }
    }

    static final class Reading {
        final int bed;
        final long atNanos;
        final List<Sample> samples = new ArrayList<>();

        Reading(int bed, long atNanos) {
            this.bed = bed;
            this.atNanos = atNanos;
            for (int c = 0; c < 150; c++) samples.add(new Sample(c, 60 + (bed * 7 + c * 13) % 80));
        }

        double mean() {
            return samples.stream().mapToDouble(s -> s.value).average().orElse(0);
        }
    }

    static final class Window {
        private static final Deque<Reading> READINGS = new ArrayDeque<>();
        private static final Map<Integer, Integer> PER_BED = new HashMap<>();

        static synchronized int add(Reading reading) {
            READINGS.addLast(reading);
            PER_BED.merge(reading.bed, 1, Integer::sum);
            while (reading.atNanos - READINGS.peekFirst().atNanos > WINDOW_NANOS) {
                Reading old = READINGS.removeFirst();
                PER_BED.computeIfPresent(old.bed, (bed, count) -> count == 1 ? null : count - 1);
            }
            return READINGS.size();
        }

        static synchronized int forBed(int bed) {
            return PER_BED.getOrDefault(bed, 0);
        }
    }

    static final class Norms {
        private final double[][] byAge = new double[100][];

        Norms() {
            for (int age = 0; age < byAge.length; age++) {
                byAge[age] = new double[50_000];
                for (int i = 0; i < byAge[age].length; i++) byAge[age][i] = 70 + age / 10.0 + i % 17;
            }
        }

        boolean unusual(int age, double mean) {
            return mean > byAge[age % 100][(int) mean * 100 % 50_000] + 25;
        }
    }

    private final Norms norms = new Norms();

    String report(int n) {
        Reading reading = new Reading(n % 120, System.nanoTime());
        int held = Window.add(reading);
        StringBuilder text = new StringBuilder();
        for (Sample s : reading.samples) text.append(s.channel).append('=').append(s.value).append(s.unit).append(' ');
        return "bed " + reading.bed + (norms.unusual(n, reading.mean()) ? " unusual" : " normal") + ", "
                + Window.forBed(reading.bed) + " of " + held + " readings, " + text.length() + " characters\n";
    }

    void serve(Socket socket) {
        try (socket) {
            socket.setTcpNoDelay(true);
            InputStream in = new BufferedInputStream(socket.getInputStream());
            Scanner heads = new Scanner(in, StandardCharsets.ISO_8859_1).useDelimiter("\r\n\r\n");
            while (heads.hasNext()) {
                String target = heads.next().stripLeading().split(" ", 3)[1];
                String body = report(target.length() > 1 ? Integer.parseInt(target.substring(1)) : 0);
                String response = "HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
                socket.getOutputStream().write(response.getBytes(StandardCharsets.ISO_8859_1));
            }
        } catch (IOException e) {
            System.err.println("monitor went away: " + e.getMessage());
        }
    }

    public static void main(String[] args) throws IOException {
        Pulse pulse = new Pulse();
        ServerSocket server = new ServerSocket();
        server.bind(new InetSocketAddress("127.0.0.1", 0));
        Thread acceptor = new Thread(() -> {
            while (!server.isClosed()) {
                try {
                    Socket socket = server.accept();
                    Thread monitor = new Thread(() -> pulse.serve(socket), "monitor");
                    monitor.setDaemon(true);
                    monitor.start();
                } catch (IOException e) {
                    return;
                }
            }
        }, "acceptor");
        acceptor.setDaemon(true);
        acceptor.start();
        System.out.println("ready pid=" + ProcessHandle.current().pid() + " port=" + server.getLocalPort());
        while (System.in.read() >= 0) Thread.yield();
    }
}

//: says = "Each printing thread has a ThreadLocal scratch sheet that is made larger for larger invoices, up to the largest size of a sheet, and is used again."
//: kind = "healthy"
//: causes = []
//: holder = []
//: per_s = 300
//: for_s = 20
//: limit_mib = 512
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Arrays;
import java.util.Scanner;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Invoices: a printing thread sets the lines of an invoice on its scratch sheet. */
class InvoicePrinter {
    static final int LARGEST = 1 << 19;
    private static final ThreadLocal<Sheet> SHEET = ThreadLocal.withInitial(Sheet::new);
    private static final AtomicInteger INVOICES = new AtomicInteger();
    private final ExecutorService printers = new ThreadPoolExecutor(24, 24, 1, TimeUnit.HOURS, new LinkedBlockingQueue<>(1000));

    static final class Sheet {
        private char[] text = new char[2048];
        private int length;

        void clear() {
            length = 0;
        }

        void line(String words, int amount) {
            String line = words + " ........ " + amount + "\n";
            if (length + line.length() > text.length && text.length < LARGEST) {
                text = Arrays.copyOf(text, Math.min(LARGEST, text.length + text.length / 2));
            }
            if (length + line.length() <= text.length) {
                line.getChars(0, line.length(), text, length);
                length += line.length();
            }
        }

        int pages() {
            return 1 + length / 3000;
        }
    }

    static final class Customers {
        static final String[] NAMES = {"Abel & Sons", "Bakery Five", "Cycle Yard", "Dairy North"};

        static String of(int number) {
            return NAMES[number % NAMES.length];
        }
    }

    String print() {
        int number = INVOICES.incrementAndGet();
        return CompletableFuture.supplyAsync(() -> {
            Sheet sheet = SHEET.get();
            sheet.clear();
            int lines = 40 + (number % 12 == 0 ? Math.min(number * 9, 24000) : number % 60);
            for (int i = 0; i < lines; i++) {
                sheet.line(Customers.of(number), number * i % 9973);
            }
            return "invoice " + number + ": " + lines + " lines on " + sheet.pages() + " pages\n";
        }, printers).join();
    }

    void talk(Socket socket) {
        try (socket; Scanner in = new Scanner(socket.getInputStream(), "ISO-8859-1").useDelimiter("\r\n\r\n"); OutputStream out = socket.getOutputStream()) {
            socket.setTcpNoDelay(true);
            while (in.findWithinHorizon("(?s).*?\r\n\r\n", 0) != null) {
                String body = print();
                out.write(("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " + body.length() + "\r\n\r\n" + body).getBytes("ISO-8859-1"));
                out.flush();
            }
        } catch (IOException closed) {
            Thread.currentThread().interrupt();
        }
    }

    public static void main(String[] args) throws IOException {
        InvoicePrinter printer = new InvoicePrinter();
        ServerSocket listener = new ServerSocket();
        listener.bind(new InetSocketAddress("127.0.0.1", 0), 32);
        CompletableFuture.runAsync(() -> {
            try {
                while (true) {
                    Socket socket = listener.accept();
                    new Thread(() -> printer.talk(socket), "talk").start();
                }
            } catch (IOException end) {
                Thread.currentThread().interrupt();
            }
        });
        System.out.println("ready pid=" + ProcessHandle.current().pid() + " port=" + listener.getLocalPort());
        System.out.flush();
        System.in.readAllBytes();
        System.exit(0);
    }
}

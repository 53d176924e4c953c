//: says = "Pictures are put into an executor whose queue has no bound, faster than its one thread draws them."
//: kind = "leak"
//: causes = ["queue-backlog"]
//: holder = ["Renderer", "pool"]
//: per_s = 400
//: for_s = 20
//: limit_mib = 512
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Thumbnails: a picture comes in, is accepted, and drawn small in the background. */
class ThumbnailDesk {
    static final class Renderer {
        private final ThreadPoolExecutor pool = new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(), //~ leak
                new LinkedBlockingQueue<>(150), //~ fixed
                Renderer::thread, new ThreadPoolExecutor.DiscardOldestPolicy());
        private final Map<Long, Integer> drawn = new LinkedHashMap<>() {
            @Override
            protected boolean removeEldestEntry(Map.Entry<Long, Integer> eldest) {
                return size() > 64;
            }
        };

        private static Thread thread(Runnable work) {
            Thread thread = new Thread(work, "renderer");
            thread.setDaemon(true);
            return thread;
        }

        void accept(Picture picture) {
            pool.execute(() -> draw(picture));
        }

        private void draw(Picture picture) {
            int sum = 0;
            for (byte pixel : picture.pixels) {
                sum += pixel;
            }
            try {
                TimeUnit.MILLISECONDS.sleep(20);
            } catch (InterruptedException end) {
                Thread.currentThread().interrupt();
            }
            drawn.put(picture.number, sum);
        }

        long done() {
            return pool.getCompletedTaskCount();
        }
    }

    static final class Picture {
        final long number;
        final byte[] pixels = new byte[7 * 1024];

        Picture(long number) {
            this.number = number;
            ThreadLocalRandom.current().nextBytes(pixels);
        }
    }

    private final Renderer renderer = new Renderer();
    private final AtomicLong numbers = new AtomicLong();

    private ByteBuffer reply() {
        Picture picture = new Picture(numbers.incrementAndGet());
        renderer.accept(picture);
        String body = "picture " + picture.number + " accepted, " + renderer.done() + " drawn\n";
        return StandardCharsets.US_ASCII.encode("HTTP/1.1 202 Accepted\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
    }

    private void serve(ServerSocketChannel listener) throws IOException {
        Selector selector = Selector.open();
        listener.configureBlocking(false);
        listener.register(selector, SelectionKey.OP_ACCEPT);
        ByteBuffer input = ByteBuffer.allocate(8192);
        while (true) {
            selector.select(key -> {
                try {
                    if (key.isAcceptable()) {
                        SocketChannel channel = listener.accept();
                        channel.configureBlocking(false);
                        channel.register(selector, SelectionKey.OP_READ, new StringBuilder());
                        return;
                    }
                    SocketChannel channel = (SocketChannel) key.channel();
                    if (channel.read(input.clear()) < 0) {
                        channel.close();
                        return;
                    }
                    StringBuilder text = (StringBuilder) key.attachment();
                    text.append(StandardCharsets.ISO_8859_1.decode(input.flip()));
                    for (int end = text.indexOf("\r\n\r\n"); end >= 0; end = text.indexOf("\r\n\r\n")) {
                        text.delete(0, end + 4);
                        ByteBuffer out = reply();
                        while (out.hasRemaining()) {
                            channel.write(out);
                        }
                    }
                } catch (IOException gone) {
                    key.cancel();
                }
            });
        }
    }

    public static void main(String[] args) throws Exception {
        ServerSocketChannel listener = ServerSocketChannel.open().bind(new InetSocketAddress("127.0.0.1", 0));
        int port = ((InetSocketAddress) listener.getLocalAddress()).getPort();
        Thread loop = new Thread(() -> {
            try {
                new ThumbnailDesk().serve(listener);
            } catch (IOException problem) {
                throw new java.io.UncheckedIOException(problem);
            }
        }, "loop");
        loop.setDaemon(true);
        loop.start();
        System.out.println("ready pid=" + ProcessHandle.current().pid() + " port=" + port);
        System.out.flush();
        while (System.in.read() != -1) {
            Thread.onSpinWait();
        }
    }
}

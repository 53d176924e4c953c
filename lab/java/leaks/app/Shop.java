package leaks.app;

/** One deployment: its catalogue lives as long as its class, and its class as long as its loader. */
public final class Shop implements Runnable {
    static final byte[][] catalogue = new byte[500][4000];

    @Override
    public void run() {
        catalogue[0][0]++;
    }
}

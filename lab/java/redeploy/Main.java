package redeploy;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A server that deploys one web application again and again, each time in a class loader of its own. The argument says
 * what keeps the old ones alive: "hooks" (a static list of the server's), "thread" (a thread-local of a pool's thread) or
 * "nothing". Each line on standard input is a number of deployments; it answers "deployed N".
 */
public final class Main {
    static final ExecutorService pool = Executors.newFixedThreadPool(1);
    static Runnable current;

    public static void main(String[] arguments) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        int deployed = 0;
        System.out.println("ready");
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            int more = Integer.parseInt(line.trim());
            for (int i = 0; i < more; i++, deployed++) {
                current = (Runnable) new AppLoader().loadClass("redeploy.app.WebApp").getConstructor().newInstance();
                if (arguments[0].equals("hooks")) {
                    Hooks.atShutdown(current);
                } else if (arguments[0].equals("thread")) {
                    pool.submit(current).get();
                }
            }
            System.out.println("deployed " + deployed);
        }
        pool.shutdownNow();
    }
}

//: says = "a controller made per request registers as a property change listener of the shared climate profile and is not removed on close"
//: kind = "leak"
//: causes = ["listener"]
//: holder = ["ClimateProfile", "changes"]
//: per_s = 300
//: limit_mib = 512
package farm.climate;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.beans.PropertyChangeEvent;
import java.beans.PropertyChangeListener;
import java.beans.PropertyChangeSupport;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Executors;

public class GreenhouseApi implements HttpHandler {

    enum Sensor { TEMP, HUMIDITY, CO2, LIGHT }

    static class ClimateProfile {
        private final PropertyChangeSupport changes = new PropertyChangeSupport(this);
        private double target = 21.5;

        void setTarget(double value) {
            double old = target;
            target = value;
            changes.firePropertyChange("target", old, value);
        }

        double getTarget() {
            return target;
        }

        void addTargetListener(PropertyChangeListener l) {
            changes.addPropertyChangeListener(l);
        }

        void removeTargetListener(PropertyChangeListener l) {
            changes.removePropertyChangeListener(l);
        }
    }

    /** Works out vents and heating for one bay. */
    static class BayController implements PropertyChangeListener, AutoCloseable {
        private final ClimateProfile profile;
        private final int bay;
        private final Map<Sensor, Map<String, Double>> readings = new EnumMap<>(Sensor.class);
        private double error;

        BayController(ClimateProfile profile, int bay) {
            this.profile = profile;
            this.bay = bay;
            for (Sensor s : Sensor.values()) {
                Map<String, Double> row = new LinkedHashMap<>();
                for (int i = 0; i < 12; i++) {
                    row.put(s + "-" + bay + "." + i, 18 + (bay * 31 + i * 7) % 90 / 10.0);
                }
                readings.put(s, row);
            }
            profile.addTargetListener(this);
        }

        @Override
        public void propertyChange(PropertyChangeEvent evt) {
            error = (Double) evt.getNewValue() - (Double) evt.getOldValue();
        }

        String decide() {
            double avg = readings.get(Sensor.TEMP).values().stream().mapToDouble(d -> d).average().orElse(0);
            double diff = avg + error - profile.getTarget();
            return diff > 1 ? "vent" : diff < -1 ? "heat" : "hold";
        }

        @Override
        public void close() {
            profile.removeTargetListener(this); //~ fixed
            error = 0;
        }
    }

    private final ClimateProfile profile = new ClimateProfile();
    private final Map<String, Integer> decisions = new LinkedHashMap<>();

    @Override
    public void handle(HttpExchange ex) throws IOException {
        int n = Integer.parseInt(ex.getRequestURI().getPath().substring(1));
        String word;
        synchronized (this) {
            try (BayController bay = new BayController(profile, n)) {
                word = bay.decide();
            }
            decisions.merge(word, 1, Integer::sum);
        }
        byte[] body = ("bay " + n % 400 + ": " + word).getBytes();
        ex.getResponseHeaders().set("Content-Type", "text/plain");
        ex.sendResponseHeaders(200, body.length);
        ex.getResponseBody().write(body);
        ex.close();
    }

    public static void main(String[] args) throws IOException {
        System.setProperty("sun.net.httpserver.nodelay", "true");
        GreenhouseApi api = new GreenhouseApi();
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 16);
        server.createContext("/", api);
        server.setExecutor(Executors.newCachedThreadPool());
        server.start();
        System.out.println("ready pid=" + ProcessHandle.current().pid() + " port=" + server.getAddress().getPort());
        int c;
        do {
            c = System.in.read();
        } while (c != -1);
        System.exit(0);
    }
}

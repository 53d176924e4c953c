package leaks;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;

/** An application that is deployed again and again; a hook of each deployment is kept, and with it its loader. */
final class Loaders {
    static final class Hooks {
        static final List<Runnable> registered = new ArrayList<>();
    }

    static final class AppLoader extends ClassLoader {
        AppLoader() {
            super(Loaders.class.getClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (!name.startsWith("leaks.app.")) {
                return super.loadClass(name, resolve);
            }
            try (InputStream in = getResourceAsStream(name.replace('.', '/') + ".class")) {
                byte[] code = in.readAllBytes();
                return defineClass(name, code, 0, code.length);
            } catch (IOException e) {
                throw new ClassNotFoundException(name, e);
            }
        }
    }

    static void deploy() {
        try {
            Class<?> app = new AppLoader().loadClass("leaks.app.Shop", true);
            Hooks.registered.add((Runnable) app.getDeclaredConstructor().newInstance());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    public static void main(String[] arguments) throws Exception {
        Life.live(Double.parseDouble(arguments[0]), 2_000_000, number -> deploy());
    }
}

//: says = "Templates are parsed once and kept by soft references; as many as there are get warm while it is watched, then no more."
//: kind = "healthy"
//: per_s = 200
//: for_s = 20
//: warm = 300
//: limit_mib = 1024
package de.hafenamt.letters;

import java.lang.ref.SoftReference;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import serving.Serving;

/** Letters of an authority, by form. */
public final class Letters {
    private static final int FORMS = 900;
    private final TemplateStore templates = new TemplateStore();

    public static void main(String[] arguments) throws Exception {
        Letters letters = new Letters();
        Serving.serve((number, path) -> letters.write(number));
    }

    String write(int number) {
        Template template = templates.get(number * 7 % FORMS);
        return template.fill(Map.of("name", "Captain " + number, "ship", "No. " + number % 77)).substring(0, 60);
    }

    record Part(String text, String variable) {
    }

    static final class Template {
        private final List<Part> parts = new ArrayList<>();

        Template(String source) {
            for (String piece : source.split("\\}")) {
                int at = piece.indexOf('{');
                parts.add(at < 0 ? new Part(piece, "") : new Part(piece.substring(0, at), piece.substring(at + 1)));
            }
        }

        String fill(Map<String, String> values) {
            StringBuilder letter = new StringBuilder();
            for (Part part : parts) {
                letter.append(part.text()).append(values.getOrDefault(part.variable(), ""));
            }
            return letter.toString();
        }
    }

    /** Parsed templates; the collector may take them back when memory is short. */
    static final class TemplateStore {
        private final Map<Integer, SoftReference<Template>> parsed = new ConcurrentHashMap<>();
        private final Map<String, Integer> reads = new HashMap<>();

        Template get(int form) {
            SoftReference<Template> held = parsed.get(form);
            Template template = held == null ? null : held.get();
            if (template == null) {
                template = new Template(read(form));
                parsed.put(form, new SoftReference<>(template));
                synchronized (reads) {
                    reads.merge("form-" + form % 10, 1, Integer::sum);
                }
            }
            return template;
        }

        private static String read(int form) {
            StringBuilder source = new StringBuilder();
            for (int line = 0; line < 120; line++) {
                source.append("Form ").append(form).append(", line ").append(line).append(": dear {name} of {ship},\n");
            }
            return source.toString();
        }
    }
}

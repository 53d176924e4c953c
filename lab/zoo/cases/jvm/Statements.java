//: says = "A bank loads one large statement for a report while it is watched, keeps it for some seconds and lets it go."
//: kind = "healthy"
//: per_s = 200
//: for_s = 30
//: warm = 1500
//: limit_mib = 1024
package ch.kontor.statements;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import serving.Serving;

/** Balances all the time, and now and then the report that an auditor asked for. */
public final class Statements {
    private static final int AUDIT_AT = 2500;
    private static final int AUDIT_ENDS = 4000;
    private final Map<String, BigDecimal> balances = new ConcurrentHashMap<>();
    private final AtomicReference<Report> report = new AtomicReference<>();

    public static void main(String[] arguments) throws Exception {
        Statements statements = new Statements();
        Serving.serve((number, path) -> statements.answer(number));
    }

    String answer(int number) {
        String account = "CH-" + number % 2000;
        BigDecimal balance = balances.merge(account, BigDecimal.valueOf(number % 90, 2), BigDecimal::add);
        if (number == AUDIT_AT) {
            report.set(Report.load(250_000));
        } else if (number == AUDIT_ENDS) {
            report.set(null);
        }
        Report open = report.get();
        return account + " " + balance + (open == null ? "" : ", audit over " + open.rows.size() + " rows");
    }

    record Row(int day, String text, long cents) {
    }

    static final class Report {
        final List<Row> rows = new ArrayList<>();

        static Report load(int count) {
            Report report = new Report();
            for (int at = 0; at < count; at++) {
                report.rows.add(new Row(at / 700, "transfer " + at, at * 37L % 100_000));
            }
            return report;
        }
    }
}

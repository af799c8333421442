/* The rules of EmaCrossTrail (ema_cross.py) as a C programmer would write them: one pass over the bars per set. */
#include <math.h>
#include <stddef.h>

enum { RETURN, DRAWDOWN, SHARPE, TRADES, ENTRY_BAR_STOPS, RESULTS };
enum { ENTRY_BAR, ENTRY_PRICE, EXIT_BAR, EXIT_PRICE, QUANTITY, FEES, TRADE };

/* Bars first .. last - 1; trades (or NULL): one row of TRADE numbers per trade. */
static void one(long first, long last, const double *open, const double *high, const double *low, const double *close,
                const double *fast, const double *slow, double trail, double capital, double fraction, double fee,
                double periods, double *result, double *trades)
{
    double cash = capital, equity = capital, peak = capital, drawdown = 0.0, keep = 1.0, sum = 0.0, squares = 0.0;
    double pending = 0.0, quantity = 0.0, best = 0.0, stop = 0.0, bought = 0.0, paid = 0.0;
    long entered = 0, count = 0, at_once = 0;
    for (long t = first; t < last; t++) {
        if (pending > 0.0) { /* the open of the bar after the cross */
            double value = pending * open[t];
            if (value + value * fee <= cash) {
                quantity = pending;
                paid = value * fee;
                cash -= value + paid;
                entered = t;
                bought = best = open[t];
                stop = best * (1.0 - trail);
            }
            pending = 0.0;
        }
        if (quantity > 0.0) {
            double price = 0.0;
            if (open[t] <= stop)
                price = open[t];
            else if (low[t] <= stop)
                price = stop;
            else if (t == last - 1)
                price = close[t];
            double before = equity;
            if (price > 0.0) {
                double value = quantity * price, cost = value * fee;
                cash += value - cost;
                if (trades) {
                    double *row = trades + count * TRADE;
                    row[ENTRY_BAR] = entered;
                    row[ENTRY_PRICE] = bought;
                    row[EXIT_BAR] = t;
                    row[EXIT_PRICE] = price;
                    row[QUANTITY] = quantity;
                    row[FEES] = paid + cost;
                }
                count++;
                at_once += price == stop && entered == t;
                quantity = 0.0;
                equity = cash;
            } else {
                equity = cash + quantity * close[t];
                if (high[t] > best) {
                    best = high[t];
                    stop = best * (1.0 - trail);
                }
            }
            double change = equity / before - 1.0;
            sum += change;
            squares += change * change;
            if (equity > peak)
                peak = equity;
            if (equity < peak * keep) {
                drawdown = 1.0 - equity / peak;
                keep = 1.0 - drawdown;
            }
        }
        if (quantity == 0.0 && fast[t] > slow[t] && fast[t - 1] <= slow[t - 1])
            pending = fraction * equity / close[t];
    }
    double returns = (double)(last - first - 1), mean = sum / returns;
    result[RETURN] = equity / capital - 1.0;
    result[DRAWDOWN] = drawdown;
    result[SHARPE] = mean / sqrt((squares - sum * mean) / (returns - 1.0)) * sqrt(periods);
    result[TRADES] = (double)count;
    result[ENTRY_BAR_STOPS] = (double)at_once;
}

/* Sets start .. stop - 1: set j reads the indicator rows rows[2 j] and rows[2 j + 1] of `pool` (`length` numbers each). */
void sweep(long start, long stop, long first, long last, const double *open, const double *high, const double *low,
           const double *close, const double *pool, long length, const long *rows, const double *trail, double capital,
           double fraction, double fee, double periods, double *results, double *trades)
{
    for (long j = start; j < stop; j++)
        one(first, last, open, high, low, close, pool + rows[2 * j] * length, pool + rows[2 * j + 1] * length, trail[j],
            capital, fraction, fee, periods, results + j * RESULTS, trades);
}

/** `strftime(3)` in the C locale, of local time or UTC. */

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;
const MAX_RESULT = 65_535;

const two = (n: number) => String(n).padStart(2, '0');
const blank2 = (n: number) => String(n).padStart(2, ' ');

export function strftime(format: string, date: Date, utc = false): string {
  // The fields of UTC are those of a local time that is as far from it as the zone.
  const shown = utc ? new Date(date.getTime() + date.getTimezoneOffset() * 60_000) : date;
  let out = '';
  for (let i = 0; i < format.length && out.length < MAX_RESULT; i++) {
    if (format[i] !== '%') out += format[i];
    else if (++i < format.length) {
      const letter = format[i]!;
      out += (utc ? utcOnly(letter, date) : null) ?? field(letter, shown);
    }
  }
  return out;
}
function utcOnly(letter: string, date: Date): string | null {
  if (letter === 'Z') return 'GMT';
  if (letter === 'z') return '+0000';
  return letter === 's' ? field('s', date) : null;
}

function field(letter: string, date: Date): string {
  const hour12 = date.getHours() % 12 || 12;
  switch (letter) {
    case 'a':
      return (DAYS[date.getDay()] ?? '').slice(0, 3);
    case 'A':
      return DAYS[date.getDay()] ?? '';
    case 'b':
    case 'h':
      return (MONTHS[date.getMonth()] ?? '').slice(0, 3);
    case 'B':
      return MONTHS[date.getMonth()] ?? '';
    case 'c':
      return strftime('%a %b %e %H:%M:%S %Y', date);
    case 'C':
      return two(Math.trunc(date.getFullYear() / 100));
    case 'd':
      return two(date.getDate());
    case 'D':
      return strftime('%m/%d/%y', date);
    case 'e':
      return blank2(date.getDate());
    case 'F':
      return strftime('%Y-%m-%d', date);
    case 'g':
      return two(isoWeek(date).year % 100);
    case 'G':
      return String(isoWeek(date).year);
    case 'H':
      return two(date.getHours());
    case 'I':
      return two(hour12);
    case 'j':
      return String(dayOfYear(date) + 1).padStart(3, '0');
    case 'k':
      return blank2(date.getHours());
    case 'l':
      return blank2(hour12);
    case 'm':
      return two(date.getMonth() + 1);
    case 'M':
      return two(date.getMinutes());
    case 'n':
      return '\n';
    case 'p':
      return date.getHours() < 12 ? 'AM' : 'PM';
    case 'P':
      return date.getHours() < 12 ? 'am' : 'pm';
    case 'r':
      return strftime('%I:%M:%S %p', date);
    case 'R':
      return strftime('%H:%M', date);
    case 's':
      return String(Math.trunc(date.getTime() / 1000));
    case 'S':
      return two(date.getSeconds());
    case 't':
      return '\t';
    case 'T':
    case 'X':
      return strftime('%H:%M:%S', date);
    case 'u':
      return String(date.getDay() || 7);
    case 'U':
      return two(Math.trunc((dayOfYear(date) + 7 - date.getDay()) / 7));
    case 'V':
      return two(isoWeek(date).week);
    case 'w':
      return String(date.getDay());
    case 'W':
      return two(Math.trunc((dayOfYear(date) + 7 - ((date.getDay() + 6) % 7)) / 7));
    case 'x':
      return strftime('%m/%d/%y', date);
    case 'y':
      return two(date.getFullYear() % 100);
    case 'Y':
      return String(date.getFullYear());
    case 'z':
      return zone(date);
    case 'Z':
      return zoneName(date);
    case '%':
      return '%';
    default:
      return `%${letter}`;
  }
}

const DAY_MS = 86_400_000;
const midnight = (year: number, month: number, day: number) => Date.UTC(year, month, day);
const dayOfYear = (date: Date): number =>
  Math.round(
    (midnight(date.getFullYear(), date.getMonth(), date.getDate()) - midnight(date.getFullYear(), 0, 1)) / DAY_MS,
  );

/** ISO 8601: the week that has the year's first Thursday is week 1. */
function isoWeek(date: Date): { year: number; week: number } {
  const thursday = new Date(midnight(date.getFullYear(), date.getMonth(), date.getDate() + 4 - (date.getDay() || 7)));
  const year = thursday.getUTCFullYear();
  return { year, week: Math.floor((thursday.getTime() - midnight(year, 0, 1)) / DAY_MS / 7) + 1 };
}
function zone(date: Date): string {
  const east = -date.getTimezoneOffset();
  const size = Math.abs(east);
  return `${east < 0 ? '-' : '+'}${two(Math.trunc(size / 60))}${two(size % 60)}`;
}
function zoneName(date: Date): string {
  const parts = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' }).formatToParts(date);
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? 'UTC';
}

import { examine } from '../doctor/examine';
import { asText } from '../doctor/text';

/** `greenfiber doctor [--json]`: exits with 0 where fibers run, with 1 where they do not. */
export function doctor(args: readonly string[]): void {
  const unknown = args.find((argument) => argument !== '--json');
  if (unknown !== undefined) {
    process.stderr.write(`greenfiber doctor: no option ${unknown}; there is --json\n`);
    process.exitCode = 2;
    return;
  }
  const report = examine();
  process.stdout.write(args.length === 0 ? asText(report) : `${JSON.stringify(report, null, 2)}\n`);
  process.exitCode = report.chosen.works ? 0 : 1;
}

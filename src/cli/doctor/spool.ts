import { accessSync, constants, existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { HOUR_MILLIS } from '../../delivery/datadog.ts';
import { describeFault, listSpool, Spool, type SpoolFileFacts } from '../../delivery/spool.ts';
import { counted } from '../../otel/text.ts';
import { type Finding, failed, ok, skipped, warning } from './finding.ts';

/**
 * The folder of what is not delivered. What lies there is neither opened nor delivered: it belongs to running processes,
 * or to the next one that starts with better settings than these may be.
 */
export function examineSpool(folder: string | undefined, nowMillis: number): Finding[] {
  if (folder === undefined) return [skipped('SIGNAL_SPOOL_DIR is not set: what waits for delivery is in memory only')];
  try {
    if (!existsSync(folder)) {
      // With the dot, a file in the place of a folder is an error, too.
      accessSync(`${existingAbove(folder)}/.`, constants.W_OK);
      return [ok(`${folder} does not exist yet: the first process makes it`)];
    }
    // As a process does it at its start. A file without a request goes as it is closed.
    new Spool(folder, { warn() {} }).create().close();
    const files = listSpool(folder);
    return [ok(`${folder} can be written to`), ...judgeFiles(files, nowMillis)];
  } catch (error) {
    const next = 'set SIGNAL_SPOOL_DIR to a folder that the application may write to, on a disk of this machine';
    return [failed(`nothing can be kept in ${folder}: ${describeFault(error)}`, next)];
  }
}

function judgeFiles(files: readonly SpoolFileFacts[], nowMillis: number): Finding[] {
  const findings: Finding[] = [];
  const waiting = files.filter(({ isDamaged }) => !isDamaged);
  const [oldest] = waiting;
  if (oldest === undefined) findings.push(ok('nothing waits in it'));
  else {
    const bytes = waiting.reduce((total, file) => total + file.bytes, 0);
    const age = inWords(nowMillis - oldest.createdMillis);
    findings.push(ok(`${counted(waiting.length, 'file')}, ${inKilobytes(bytes)}, the oldest made ${age} ago`));
  }
  // A process that lives writes into its file with each export, if only of its own metrics.
  const left = waiting.filter(({ writtenMillis }) => nowMillis - writtenMillis > HOUR_MILLIS);
  if (left.length > 0) {
    const found = `${counted(left.length, 'file')} not written to for over an hour: the processes are gone, nobody delivers`;
    const next =
      'start a process with this SIGNAL_SPOOL_DIR: it delivers them. Datadog takes no points over an hour old';
    findings.push(warning(found, next));
  }
  for (const { name } of files.filter(({ isDamaged }) => isDamaged)) {
    findings.push(warning(`${name}: what was in it is lost`, 'check the disk, and delete the file'));
  }
  return findings;
}

function existingAbove(path: string): string {
  let above = path;
  while (!existsSync(above)) above = dirname(above);
  return above;
}

function inWords(millis: number): string {
  const minutes = Math.max(0, Math.round(millis / 60_000));
  if (minutes < 120) return `${minutes} min`;
  return minutes < 2_880 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1_440)} days`;
}

function inKilobytes(bytes: number): string {
  return `${Math.ceil(bytes / 1_000)} kB on disk`;
}

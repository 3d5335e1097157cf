import type { DropReason } from '../../delivery/status.ts';

interface Explanation {
  readonly meaning: string;
  readonly next: string;
}

/** Why points are lost, in words, and what to do about it. */
export const dropReasons: Readonly<Record<DropReason, Explanation>> = {
  queue_full: {
    meaning: 'too much waited for delivery, the oldest gave way',
    next: 'bring the receiver back, or raise SIGNAL_QUEUE_MAX_BYTES',
  },
  refused: {
    meaning: 'the receiver will never take them',
    next: "look at the receiver's log: keys, headers, path",
  },
  rejected: {
    meaning: 'the receiver took their request, and left them out',
    next: "look at the receiver's log: it has limits of its own",
  },
  too_old: {
    meaning: 'Datadog takes no points that are older than an hour',
    next: 'delivery was away for longer: run signal-otel doctor where it fails',
  },
  not_sent: {
    meaning: 'the process ended first',
    next: 'set SIGNAL_SPOOL_DIR, and they wait for the next process; or raise SIGNAL_SHUTDOWN_TIMEOUT',
  },
  not_serialized: {
    meaning: 'no request could be made of them',
    next: 'OTEL_LOG_LEVEL=debug shows why: an attribute, most likely',
  },
  unreadable: {
    meaning: 'their spool file was damaged meanwhile',
    next: 'look at the disk of SIGNAL_SPOOL_DIR',
  },
};

export function isDropReason(text: string): text is DropReason {
  return Object.hasOwn(dropReasons, text);
}

/** What the journal gives a sink to deliver. */

/** It is given out again after a restart unless `markDelivered` has recorded the delivery on disk. */
export interface Delivery {
  readonly events: number;
  markDelivered(): Promise<void>;
}

/** Lines of the journal, without their newlines. Their buffer is used again once they are delivered. */
export interface LineDelivery extends Delivery {
  readonly lines: readonly Buffer[];
}

/** A sealed segment of the journal: the file at `path`, events `firstSeq` to `lastSeq`. */
export interface SealedSegment {
  /** UTC day on which it was opened. */
  readonly date: string;
  readonly chain: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** SHA-256 (hex) of its last line, which is the seal. */
  readonly lastHash: string;
  readonly path: string;
  readonly bytes: number;
}

export interface SegmentDelivery extends Delivery {
  readonly segment: SealedSegment;
}

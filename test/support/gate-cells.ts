// Every question that can be put to the gate: the cells of its table.
import { CANDIDATE_VERDICTS, type GateQuestion, PREDECESSORS } from '../../src/core/gate.ts';
import { REASONS } from '../../src/core/reasons.ts';
import { aQuestion } from './builders.ts';

export const MODES = ['compare', 'require', 'off'] as const;
const BOTH = [false, true] as const;

export function* everyCell(): Generator<GateQuestion> {
  for (const candidate of CANDIDATE_VERDICTS)
    for (const predecessor of PREDECESSORS)
      for (const proven of BOTH)
        for (const mode of MODES)
          for (const reason of REASONS)
            for (const waived of BOTH)
              for (const requested of BOTH)
                yield aQuestion({ candidate, predecessor, proven, mode, reason, waived, requested });
}

export const statusText = {
  unbalanced: 'The ledger does not balance',
  unreadable: (name: string, rows: string) => `${name}: ${rows} unreadable`,
  sinkDeliversNothing: (name: string, reason: string) => `Sink ${name} delivers nothing: ${reason}`,
  pending: (rows: string) => `${rows} pending`,
  sinkIsBehind: (name: string, lag: string) => `Sink ${name} is ${lag} behind`,
  sourceFails: (name: string, reason: string) => `Source ${name}: ${reason}`,
  sourceIsSilent: (name: string, time: string) => `Source ${name} has received nothing for ${time}`,
  deadLetters: (name: string, letters: string) => `Sink ${name}: ${letters}`,
  oneDeadLetter: '1 dead letter',
  letters: (letters: string) => `${letters} dead letters`,
  more: (troubles: string) => `and ${troubles} more`,
}

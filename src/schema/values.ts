/** Types only, for threads: loads no parser. */
export { ackSink } from './ack.ts'
export { arrivedSettings, carriedSettings } from './carry.ts'
export { Complaint } from './complaint.ts'
export { formatHostPort, parseHostPort, type HostPort } from './host-port.ts'
export { formatPath, formatProblems, type Problem } from './problem.ts'
export { Secret } from './secret.ts'
export { didYouMean, nearest } from './suggest.ts'

import { installAlone, type Program } from './apt.ts'

export const strace: Program = { name: 'strace', package: 'strace', version: '6.1', versionArguments: ['--version'] }

await installAlone(strace, import.meta.url)

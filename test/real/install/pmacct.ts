import { installAlone, type Program } from './apt.ts'

export const pmacct: Program = { name: 'pmacctd', package: 'pmacct', version: '1.7.7', versionArguments: ['-V'] }

await installAlone(pmacct, import.meta.url)

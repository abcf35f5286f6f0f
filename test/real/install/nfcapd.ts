import { installAlone, type Program } from './apt.ts'

export const nfcapd: Program = { name: 'nfcapd', package: 'nfdump', version: '1.7.1', versionArguments: ['-V'] }

await installAlone(nfcapd, import.meta.url)

/** `PORT NAME` with both protocols, `PORT/tcp NAME` with one. */
const registered = `
7 echo, 9 discard, 20/tcp ftp-data, 21/tcp ftp, 22/tcp ssh, 23/tcp telnet, 25/tcp smtp, 37 time, 43/tcp whois, 49
tacacs, 53 domain, 67/udp bootps, 68/udp bootpc, 69/udp tftp, 70/tcp gopher, 79/tcp finger, 80/tcp http, 88 kerberos,
110/tcp pop3, 111 sunrpc, 113/tcp auth, 119/tcp nntp, 123/udp ntp, 135/tcp epmap, 137/udp netbios-ns, 138/udp
netbios-dgm, 139/tcp netbios-ssn, 143/tcp imap2, 161 snmp, 162 snmp-trap, 177/udp xdmcp, 179/tcp bgp, 194 irc, 319/udp
ptp-event, 320/udp ptp-general, 389 ldap, 427 svrloc, 443 https, 445/tcp microsoft-ds, 464 kpasswd, 465/tcp
submissions, 500/udp isakmp, 514/tcp shell, 514/udp syslog, 515/tcp printer, 520/udp route, 546/udp dhcpv6-client,
547/udp dhcpv6-server, 548/tcp afpovertcp, 554 rtsp, 563/tcp nntps, 587/tcp submission, 623/udp asf-rmcp, 631 ipp, 636
ldaps, 646 ldp, 853 domain-s, 873/tcp rsync, 989/tcp ftps-data, 990/tcp ftps, 992/tcp telnets, 993/tcp imaps, 995/tcp
pop3s, 1080/tcp socks, 1194 openvpn, 1433/tcp ms-sql-s, 1434/udp ms-sql-m, 1521/tcp oracle, 1701/udp l2f, 1723/tcp
pptp, 1812 radius, 1813 radius-acct, 1883/tcp mqtt, 2049 nfs, 2055 iop, 2375/tcp docker, 2376/tcp docker-s, 2379/tcp
etcd-client, 2380/tcp etcd-server, 3128/tcp squid-http, 3205/tcp isns, 3260/tcp iscsi-target, 3306/tcp mysql, 3389
ms-wbt-server, 3478 stun, 3690/tcp svn, 4500/udp ipsec-nat-t, 4739 ipfix, 4789/udp vxlan, 5004/udp rtp, 5005/udp rtcp,
5060 sip, 5061 sip-tls, 5222/tcp xmpp-client, 5269/tcp xmpp-server, 5349 stuns, 5353/udp mdns, 5355 llmnr, 5432/tcp
postgresql, 5671/tcp amqps, 5672 amqp, 5900/tcp rfb, 5985/tcp wsman, 5986/tcp wsmans, 6081/udp geneve, 6343/udp sflow,
6379/tcp redis, 6443/tcp sun-sr-https, 6514/tcp syslog-tls, 6667/tcp ircu, 8080 http-alt, 8443/tcp pcsync-https,
8883/tcp secure-mqtt, 9092/tcp kafka, 9100/tcp pdl-datastream, 9200/tcp wap-wsp, 9418/tcp git, 10050/tcp zabbix-agent,
10051/tcp zabbix-trapper, 10250/tcp kubelet, 11211 memcache, 27017/tcp mongodb, 51820/udp wireguard`

const numbers: Readonly<Record<string, number>> = { tcp: 6, udp: 17, dccp: 33, sctp: 132, udplite: 136 }

/** The protocol number by name, and the port; undefined if invalid. */
export function readService(key: string): Readonly<{ port: number; protocol: number }> | undefined {
  const [, digits = '', name = ''] = /^(\d{1,5})\/(\w+)$/.exec(key) ?? []
  const protocol = numbers[name.toLowerCase()]
  const port = Number(digits)
  return protocol === undefined || digits === '' || port > 0xffff ? undefined : { port, protocol }
}

const keyOf = (port: number, protocol: number) => protocol * 0x1_0000 + port

function builtIn(): Map<number, string> {
  const names = new Map<number, string>()
  for (const entry of registered.split(',')) {
    const [written = '', name = ''] = entry.trim().split(' ')
    const [port = '', protocol] = written.split('/')
    for (const text of protocol === undefined ? ['tcp', 'udp'] : [protocol])
      names.set(keyOf(Number(port), numbers[text] ?? 0), name)
  }
  return names
}

let namesByPort: ReadonlyMap<number, string> | undefined

/** `more` by PORT/PROTOCOL takes precedence. */
export function serviceNames(
  more: Readonly<Record<string, string>>,
): (port: number, protocol: number) => string | undefined {
  const names = new Map((namesByPort ??= builtIn()))
  for (const [key, name] of Object.entries(more)) {
    const service = readService(key)
    if (service !== undefined) names.set(keyOf(service.port, service.protocol), name)
  }
  return (port, protocol) => names.get(keyOf(port, protocol))
}

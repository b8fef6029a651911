/** The line OpenSSL's SSL_CIPHER_description() prints, from the cipher's name. */

export function describeCipher(name: string, bits: number): string {
  const modern = name.startsWith('TLS_');
  const aead = /GCM|CCM|CHACHA20/.test(name);
  const kx = modern ? 'any' : name.startsWith('ECDHE') ? 'ECDH' : name.startsWith('DHE') ? 'DH' : 'RSA';
  const au = modern ? 'any' : name.includes('ECDSA') ? 'ECDSA' : name.includes('DSS') ? 'DSS' : 'RSA';
  const enc = name.includes('CHACHA20')
    ? 'CHACHA20/POLY1305'
    : `${name.includes('CAMELLIA') ? 'Camellia' : 'AES'}${name.includes('GCM') ? 'GCM' : name.includes('CCM') ? 'CCM' : ''}`;
  const mac = aead ? 'AEAD' : name.endsWith('SHA384') ? 'SHA384' : name.endsWith('SHA256') ? 'SHA256' : 'SHA1';
  // The oldest version that has the cipher.
  const since = modern ? 'TLSv1.3' : mac !== 'SHA1' ? 'TLSv1.2' : kx === 'ECDH' ? 'TLSv1' : 'SSLv3';
  const columns = [name.padEnd(30), since.padEnd(7), `Kx=${kx.padEnd(8)}`, `Au=${au.padEnd(5)}`];
  return `${[...columns, `Enc=${`${enc}(${bits})`.padEnd(22)}`, `Mac=${mac.padEnd(4)}`].join(' ')}\n`;
}

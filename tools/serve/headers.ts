// The server's headers are a contract with the service worker, which adds them on hosts that cannot set any.
export { SECURITY_HEADERS } from '../../src/contracts/security-headers.ts';

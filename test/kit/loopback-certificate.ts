/** For TLS on loopback in tests: signed by itself, for `localhost` and 127.0.0.1, valid until 2126; it protects nothing. */
export const loopbackCertificate = {
  cert: `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUfGW/u2ieXfDCk8mwXJ1DG5S5z+swCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMzA1Mzk0NVoYDzIxMjYxMDMw
MDUzOTQ1WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQTLg8lgR3lUQxxvxeDdLhUAuEbxhJMUtBLQkakfxpsLC+90qvqGgMt
0Y4j7aqkpbGzaOmEwSekl5E8esnw2OP9o28wbTAdBgNVHQ4EFgQUXcguv1QHGAjT
e68mSuM4wF2YfAwwHwYDVR0jBBgwFoAUXcguv1QHGAjTe68mSuM4wF2YfAwwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIgIiq6NGfpa7J8GrjIuPJyaC+mkrdnXJP8/nDlPU3OzswCIQDw
GxBBGFMjswZqMd0yq1cw3v16/7HofxaKVLomUIDVSQ==
-----END CERTIFICATE-----`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgGJ1hRVcd5wwqzGg+
s9P7xLkZChAPgE0Yigc2HSKsWBqhRANCAAQTLg8lgR3lUQxxvxeDdLhUAuEbxhJM
UtBLQkakfxpsLC+90qvqGgMt0Y4j7aqkpbGzaOmEwSekl5E8esnw2OP9
-----END PRIVATE KEY-----`,
};

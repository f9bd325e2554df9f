/// A certificate for the name localhost, signed by itself and valid until 2126; for tests on loopback only.
///
/// Made with `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj /CN=localhost
/// -addext subjectAltName=DNS:localhost`.
package enum LoopbackCertificate {
    package static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBlDCCATugAwIBAgIUZk6J/pc56fpD+VWrIYXQJhuKHtgwCgYIKoZIzj0EAwIw
        FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNjIzNDEwOVoYDzIxMjYxMTAy
        MjM0MTA5WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
        PQMBBwNCAARsLyrpbV6TEzX24nMjdhBy34AFLjuWbDWSlA0H45ZXQfUYzy6enB3a
        /TFvf4kNWKBSfzrYPxJEHRX56MJihvu1o2kwZzAdBgNVHQ4EFgQUJ4ZRZlFkaP7q
        A94nmOS3fBW8Oy0wHwYDVR0jBBgwFoAUJ4ZRZlFkaP7qA94nmOS3fBW8Oy0wDwYD
        VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwID
        RwAwRAIgEJy+xKNMXoRH9s7Nx+iy0rSHYHcTOoY37rQACvuJec0CICq6A5KS+Ftb
        dKGc4AujgvATRW9BPN1fua5zRnuW6Q7J
        -----END CERTIFICATE-----

        """

    package static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgMIDMyUzCkD1DHJOK
        eBrrscpZkU5N2lTQUBlGupIy5XahRANCAARsLyrpbV6TEzX24nMjdhBy34AFLjuW
        bDWSlA0H45ZXQfUYzy6enB3a/TFvf4kNWKBSfzrYPxJEHRX56MJihvu1
        -----END PRIVATE KEY-----

        """
}

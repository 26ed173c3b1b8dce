/* The formats are those that the issuers document, or that are seen. No value here is one that was ever issued, and each is cut in two,
 * so that scanners do not take this file for a leak. */
#include "capture/secret_rules.h"

#include <stddef.h>

#define WORD36 "Ab3dEf9hIj2lMn5pQr7tUv1xYz8aBc4eFg6i"
/* Blanks, line ends that may be escaped, quotes; and the first word of the key. */
#define KEY "[\\s\\\\nr\"']{0,}[A-Za-z0-9+/=:-]{8,}"

const struct gbx_secret_rule gbx_secret_rules[] = {
	{"hugging-face", "\\bhf_[A-Za-z0-9]{30,}", 8, 0, false,
	 {"hf" "_AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGh", "HF_TOKEN=hf" "_" WORD36},
	 {"hf_hub_download(repo_id)", "hf_transfer", "hf_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "shf_AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGh"}},
	{"hugging-face", "\\bapi_org_[A-Za-z0-9]{30,}", 8, 0, false, {"api" "_org_" WORD36}, {"api_org_name"}},
	{"github", "\\bghp_[A-Za-z0-9]{36,}", 8, 0, false, {"ghp" "_" WORD36}, {"ghp_import", "ghp_000000000000000000000000000000000000"}},
	{"github", "\\bgho_[A-Za-z0-9]{36,}", 8, 0, false, {"gho" "_" WORD36}, {"gho_st"}},
	{"github", "\\bghu_[A-Za-z0-9]{36,}", 8, 0, false, {"ghu" "_" WORD36}, {"ghu_"}},
	{"github", "\\bghs_[A-Za-z0-9]{36,}", 8, 0, false, {"ghs" "_" WORD36}, {"ghs_"}},
	{"github", "\\bghr_[A-Za-z0-9]{36,}", 8, 0, false, {"ghr" "_" WORD36}, {"ghr_"}},
	{"github", "\\bgithub_pat_[A-Za-z0-9_]{40,}", 8, 0, false,
	 {"github" "_pat_11ABCDEFG0abcdefghijkl_" WORD36 "AbCdEfGhIjKlMnOpQrStUvW"}, {"github_pat_", "github_pattern"}},
	{"gitlab", "\\bglpat-[A-Za-z0-9_-]{20,}", 8, 0, false, {"glpat" "-Ab3dEf9hIj2lMn5pQr7t"}, {"glpat-", "glpat-------------------------"}},
	{"openai", "\\bsk-[A-Za-z0-9_-]{20,}", 10, 16, false,
	 {"sk" "-" WORD36 "AbCdEfGhIjKl", "sk" "-proj-" WORD36 "_" WORD36, "OPENAI_API_KEY=sk" "-ant-api03-" WORD36},
	 {"sk-learn-ensemble-methods-for-everyone", "task-Ab3dEf9hIj2lMn5pQr7tUv1x", "sk-2024-baseline-run-with-long-name", "sk-"}},
	{"stripe", "\\bsk_live_[A-Za-z0-9]{16,}", 8, 0, false, {"sk" "_live_" WORD36}, {"sk_live_"}},
	{"aws", "\\bAKIA[A-Z0-9]{16}", 6, 0, false, {"AKIA" "2E0A8F3B244C9986"}, {"AKIAIA", "AKIAAAAAAAAAAAAAAAAA", "AKIA2E0A8F3B244C99867"}},
	{"aws", "\\bASIA[A-Z0-9]{16}", 6, 0, false, {"ASIA" "2E0A8F3B244C9986"}, {"ASIA PACIFIC", "ASIAPACIFICNORTHEASTREGION"}},
	{"slack", "\\bxox[abeoprs]-[A-Za-z0-9-]{10,}", 5, 0, false, {"xox" "b-2048-4096-AbCdEfGh12"}, {"xoxo-", "xoxb-", "xoxb-----------------"}},
	{"google", "\\bAIza[A-Za-z0-9_-]{35,}", 8, 0, false, {"AIza" "SyD-" WORD36}, {"AIzaSy", "AIzawa"}},
	{"google", "\\bya29.[A-Za-z0-9_-]{20,}", 8, 0, false, {"ya29" "." WORD36}, {"ya29."}},
	{"jwt", "\\beyJ[A-Za-z0-9_-]{8,}.[A-Za-z0-9_-]{8,}.[A-Za-z0-9_-]{8,}", 8, 0, false,
	 {"eyJ" "hbGciOiJIUzI1NiJ9.eyJzdWIiOiJnbGFzc2JveCJ9.abcDEF123456_-xyz", "cookie eyJ" "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcDEF123456"},
	 {"eyJ", "eyJfoo.bar", "eyJpdCI6ImlzIGp1c3QgYmFzZTY0In0="}},
	{"npm", "\\bnpm_[A-Za-z0-9]{36}", 8, 0, false, {"npm" "_" WORD36}, {"npm_config_registry"}},
	{"pypi", "\\bpypi-AgE[A-Za-z0-9_-]{40,}", 8, 0, false, {"pypi" "-AgEIcHlwaS5vcmc" WORD36}, {"pypi-simple"}},
	{"sendgrid", "\\bSG.[A-Za-z0-9_-]{16,}.[A-Za-z0-9_-]{30,}", 8, 0, false, {"SG" ".Ab3dEf9hIj2lMn5pQr7tUv." WORD36}, {"SG.1.2"}},
	{"bearer", "Bearer [A-Za-z0-9._~+/=-]{16,}", 7, 12, false,
	 {"Authorization: Bearer x9Kq2mPz" "7LwT4vRb8N"}, {"Bearer token authentication", "Bearer of-this-long-letter-is-welcome"}},
	/* What follows the line is there as well: code and prose name it alone. */
	{"private-key", "-----BEGIN PRIVATE KEY-----" KEY, 0, 0, true,
	 {"-----BEGIN " "PRIVATE KEY-----\nMIIEvQIBADANBg", "\"-----BEGIN " "PRIVATE KEY-----\\nMIIEvQIBADANBg"},
	 {"-----BEGIN PUBLIC KEY-----\nMIIEvQIBADANBg", "'-----BEGIN PRIVATE KEY-----' and '-----END PRIVATE KEY-----'"}},
	{"private-key", "-----BEGIN [A-Z0-9]{2,16} PRIVATE KEY[A-Z -]{5,}" KEY, 0, 0, true,
	 {"-----BEGIN " "RSA PRIVATE KEY-----\nProc-Type: 4", "-----BEGIN " "OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk", "-----BEGIN " "PGP PRIVATE KEY BLOCK-----\n\nlQdGBGTxyz"},
	 {"-----BEGIN RSA PUBLIC KEY-----\nMIIEvQIBADANBg", "-----BEGIN CERTIFICATE-----\nMIIEvQIBADANBg", "-----BEGIN EC PRIVATE KEY-----'"}},
	{"private-key", "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----" KEY, 0, 0, true,
	 {"---- BEGIN SSH2 " "ENCRYPTED PRIVATE KEY ----\nP2/56wAAA"}, {"---- BEGIN SSH2 PUBLIC KEY ----"}},
	{"url-password", "://[^\\s/?#@:\"'<>]{0,256}:[^\\s/@\"'<>{]{1,}@", 0, 0, false,
	 {"https://me:pa" "ss@host/x.git", "postgres://u:p" "%40w@db:5432/x", "https://:to" "ken@host"},
	 {"https://host:8080/@user", "ssh://git@host/x", "https://{user}:{password}@host", "http://[::1]:80/"}},
	{0},
};

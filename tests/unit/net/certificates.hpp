#pragma once

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

namespace spillway::net::testing {

struct FreeX509 {
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Certificate = std::unique_ptr<X509, FreeX509>;
using Key = std::unique_ptr<EVP_PKEY, FreeX509>;

/// A small authority in a directory of its own: PEM files that live as long as the object.
class Authority {
public:
    Authority() : key_(EVP_EC_gen("P-256"))
    {
        std::string pattern = std::filesystem::temp_directory_path() / "spillway-tls-XXXXXX";
        EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
        root_ = make("Test authority", "", key_.get(), 3600);
        write("ca.pem", root_.get(), nullptr);
    }
    Authority(const Authority&) = delete;
    ~Authority() { std::filesystem::remove_all(folder_); }

    struct Files {
        std::string certificate;
        std::string key;
    };

    /// @param name   Subject alternative name as OpenSSL writes it: "DNS:localhost",
    /// "IP:127.0.0.1".
    /// @param until  Seconds from now at which it expires.
    [[nodiscard]] Files issue(const std::string& name, long until = 3600)
    {
        const Key key{EVP_EC_gen("P-256")};
        const Certificate made = make("leaf", name, key.get(), until);
        return write("leaf-" + std::to_string(++count_), made.get(), key.get());
    }

    /// Signed by itself: nobody trusts it.
    [[nodiscard]] Files self_signed(const std::string& name)
    {
        const Key key{EVP_EC_gen("P-256")};
        const Certificate made = make("self", name, key.get(), 3600, key.get());
        return write("self-" + std::to_string(++count_), made.get(), key.get());
    }

    [[nodiscard]] std::string ca_file() const { return folder_ + "/ca.pem"; }
    [[nodiscard]] std::string folder() const { return folder_; }

private:
    Certificate make(const char* common_name, const std::string& alternative, EVP_PKEY* key,
                     long until, EVP_PKEY* signer = nullptr)
    {
        Certificate made{X509_new()};
        X509_set_version(made.get(), 2);
        ASN1_INTEGER_set(X509_get_serialNumber(made.get()), ++serial_);
        X509_gmtime_adj(X509_getm_notBefore(made.get()), -7200);
        X509_gmtime_adj(X509_getm_notAfter(made.get()), until);
        X509_set_pubkey(made.get(), key);
        X509_NAME* subject = X509_get_subject_name(made.get());
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                   reinterpret_cast<const unsigned char*>(common_name), -1, -1, 0);
        const bool of_itself = signer != nullptr || !root_;
        X509_set_issuer_name(made.get(), of_itself ? subject : X509_get_subject_name(root_.get()));
        add(made.get(), NID_basic_constraints, alternative.empty() ? "CA:TRUE" : "CA:FALSE");
        if (!alternative.empty())
            add(made.get(), NID_subject_alt_name, alternative.c_str());
        X509_sign(made.get(), signer != nullptr ? signer : key_.get(), EVP_sha256());
        return made;
    }

    static void add(X509* certificate, int kind, const char* value)
    {
        X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value);
        X509_add_ext(certificate, extension, -1);
        X509_EXTENSION_free(extension);
    }

    Files write(const std::string& name, X509* certificate, EVP_PKEY* key)
    {
        Files files{folder_ + "/" + name, folder_ + "/" + name + ".key"};
        std::FILE* out = std::fopen(files.certificate.c_str(), "w");
        PEM_write_X509(out, certificate);
        std::fclose(out);
        if (key != nullptr) {
            out = std::fopen(files.key.c_str(), "w");
            PEM_write_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
            std::fclose(out);
        }
        return files;
    }

    std::string folder_;
    Key key_;
    Certificate root_;
    long serial_ = 0;
    int count_ = 0;
};

}  // namespace spillway::net::testing
